"""How text becomes terms, for the index and for queries alike.

A *token* is what is written without a gap: `web.config`, `ORA-00942`, `dell'IVA`, `getUserName`. It consists of
*words* (its pieces between `-`, `.`, `_` and `'`), and every word takes one position. A word has *forms*: the word
folded (lower case, no accents), the parts inside it (`KB815174`: kb, 815174; `getUserName`: get, user, name), and,
at the first word of a token, the whole token joined (`e-mail`: email). All are terms of the exact fields; their
stems, without stop words, are the terms of the stemmed fields.
"""

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer
from whoosh.lang.stopwords import stoplists

from search_index.documents import LANGUAGES

MAX_TERM = 64  # characters; longer words are cut, in the index and in queries

_TOKEN = re.compile(r"[^\W_]+(?:[-._'’][^\W_]+)*(?:\+\+|#)?")
_PIECE = re.compile(r"[-._]")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\WA-Za-z\d_]+")
_ONE_PART = re.compile(r"[A-Z]?[a-z]*|[A-Z]+|\d+|[^\WA-Za-z\d_]+")
# fmt: off
_ELIDED = frozenset({
    "l", "un", "d", "c", "s", "m", "t", "v", "n", "dell", "all", "nell", "sull", "dall", "coll", "quell", "bell",
    "quest", "sant", "mezz", "tutt", "anch", "dov", "cos", "com",
})
# fmt: on
_CONTRACTED = frozenset(["t", "re", "ve", "ll", "d", "m"])  # don't, we're, I've, we'll, I'd, I'm: one word
_ALGORITHMS = {"en": "english", "it": "italian"}
_EXTRA_STOP = {
    "en": ("could", "would", "shall", "dont", "cant", "im", "ive", "doesnt", "isnt", "wont", "didnt", "please"),
    "it": ("dov", "cos", "quali", "qual", "quando", "cosa", "puo"),
}

Forms = tuple[str, ...]


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Lower case, without accents and compatibility forms."""
    if text.isascii():
        return text.lower()
    return _without_accents(text.casefold())


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(fold(word) for word in (*stoplists[language], *_EXTRA_STOP[language])) for language in LANGUAGES
}


# What people say around the matter of a question: these count less in a long one.
_AROUND = """
    able actually also another anybody anyone anything anyway available back best better certain come different
    easiest easily easy else etc every everyone everything exactly find fine first get gets getting give go goes
    going good got guess happen happened happens help hello hi hope instead issue keep kind know let like little
    look looking lot make makes making many maybe much must name need needed needs never new nothing often ok old
    one particular perhaps person place possible possibly problem put question quite really right say see seem seems
    set show someone something somehow specific still sure take tell thank thanks thing things think time times
    tried try trying two understand unable use used uses using usually various want wanted wants way ways well went
    whether without wonder work working works wrong yet
    aiuto altra altre altri altro ancora avere bene bisogno buongiorno ciao cose diversi diverso essere esiste fa
    fare fatto forse funziona funzionare grazie infatti meglio mentre modi modo nessuno niente nuova nuovo ogni
    ora persona poi possiamo possibile posso potrebbe prima problema proprio provato provo qualche qualcosa qualcuno
    qualsiasi quindi riesce riesco salve sempre senza serve solo stessa stesso tipo trovare usando usare usato uso
    vedere viene volta volte vorrei
"""
WEAK_WORDS = frozenset(_AROUND.split())


class _Stemmers(threading.local):
    """Snowball stemmers of this thread: the library's objects must not be shared between threads."""

    def __init__(self) -> None:
        self.by_language = {language: Stemmer.Stemmer(algorithm) for language, algorithm in _ALGORITHMS.items()}


_stemmers = _Stemmers()


def stem(word: str, language: str) -> str:
    """The Snowball stem of a folded word. Words with digits are their own stem."""
    if not word.isalpha():
        return word
    return str(_stemmers.by_language[language].stemWord(word))


def tokens(text: str) -> list[str]:
    """The written tokens of a text, in order."""
    return _TOKEN.findall(text)


def words_of(token: str) -> list[str]:
    """The words of a token in their original case: elisions and possessives dropped, contractions joined."""
    if token[-1] in "+#" and len(token.rstrip("+#")) > 1:  # C++ and C# are words, "12#" is not
        token = token.rstrip("+#")
    if "'" in token or "’" in token:
        token = _without_apostrophes(token.replace("’", "'"))
    return [piece[:MAX_TERM] for piece in _PIECE.split(token) if piece]


def _without_apostrophes(token: str) -> str:
    head, *rest = token.split("'")
    for piece in rest:
        if head.lower() in _ELIDED and len(piece) > 1:
            head = piece
        elif piece.lower() == "s":
            continue
        elif piece.lower() in _CONTRACTED:
            head += piece
        else:
            head += "-" + piece
    return head


def parts_of(word: str) -> list[str]:
    """The parts inside a word at changes of case and between letters and digits; empty when it has only one."""
    if not word.isascii():
        word = _without_accents(word)
    if _ONE_PART.fullmatch(word):
        return []
    parts = _PART.findall(word)
    return [part for part in parts if len(part) > 1] if len(parts) > 1 else []


@lru_cache(maxsize=200_000)
def analyse(token: str) -> tuple[Forms, ...]:
    """The forms at each position of a token; the first form of a position is the word itself."""
    words = words_of(token)
    positions = []
    for word in words:
        forms = [fold(word), *(fold(part) for part in parts_of(word))]
        positions.append(forms)
    if len(words) > 1:
        positions[0].append(fold("".join(words))[:MAX_TERM])
    return tuple(tuple(dict.fromkeys(form for form in forms if form)) for forms in positions)


def stems(forms: Forms, language: str) -> Forms:
    """The stems of a position's forms, without stop words."""
    stop = STOP_WORDS[language]
    return tuple(dict.fromkeys(stem(form, language) for form in forms if form not in stop))


def query_words(text: str) -> list[list[str]]:
    """The tokens of something typed, each as its folded words: `web.config` is [["web", "config"]]."""
    found = []
    for token in tokens(text):
        words = [fold(word) for word in words_of(token)]
        if any(words):
            found.append([word for word in words if word])
    return found


def query_language(words: list[str], default: str) -> str:
    """The language that a question is written in, by its stop words; `default` when they do not tell."""
    counts = {language: sum(word in STOP_WORDS[language] for word in words) for language in LANGUAGES}
    best = max(counts, key=lambda language: (counts[language], language == default))
    return best if counts[best] > counts.get(default, 0) else default
