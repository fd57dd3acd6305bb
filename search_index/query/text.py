"""What a person typed, made safe and comparable: no control characters, one space, lower case."""

import re
import unicodedata

MAX_TEXT = 4000  # characters read at all
MAX_OPERATORS = 256  # characters up to which operators work
MAX_TERMS = 16
MAX_NESTING = 5
MIN_PREFIX = 3
MAX_WORD = 128  # a longer run of characters is cut: nobody types such a word

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'"})
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EDGE = " \t.,;:!?\"'()[]{}<>*^~|\\/=&`…·•–—"


def clean(text: str) -> str:
    """At most MAX_TEXT characters, straight quotes, no control or invisible characters, single spaces."""
    text = text[: MAX_TEXT * 2].translate(_QUOTES)
    if not text.isascii() or not text.isprintable():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(" " if unicodedata.category(char) in _UNSEEN else char for char in text)
        text = text.translate(_QUOTES)
    return " ".join(text.split())[:MAX_TEXT].strip()


def word(text: str) -> str:
    """One typed word without the punctuation around it, in lower case; empty if nothing searchable is left.

    Accents stay: the stemmers of the engines need them. `-` and `_` stay inside, they are part of codes.
    """
    folded = text.lower().strip(_EDGE)
    folded = folded.lstrip("-+").strip(_EDGE) if folded[:1] in "-+" else folded
    return folded[:MAX_WORD].rstrip("-_") if re.search(r"\w", folded.replace("_", "")) else ""
