"""How text becomes terms: codes, file names, compounds, elisions, accents, stems."""

import pytest

from search_index import analysis
from search_index.synonyms import GROUPS, synonyms


@pytest.mark.parametrize(
    ("token", "forms"),
    [
        ("web.config", (("web", "webconfig"), ("config",))),
        ("ORA-00942", (("ora", "ora00942"), ("00942",))),
        ("KB815174", (("kb815174", "kb", "815174"),)),
        ("LDG_15", (("ldg", "ldg15"), ("15",))),
        ("0x80070005", (("0x80070005", "80070005"),)),
        ("getUserName", (("getusername", "get", "user", "name"),)),
        ("e-mail", (("e", "email"), ("mail",))),
        ("dell'IVA", (("iva",),)),
        ("l’arrotondamento", (("arrotondamento",),)),
        ("don't", (("dont",),)),
        ("vendor's", (("vendor",),)),
        ("C#", (("c#",),)),
        ("12#", (("12",),)),
        ("perché", (("perche",),)),
        ("ﬁle", (("file",),)),
    ],
)
def test_a_token_has_the_forms_that_people_search_it_by(token: str, forms: tuple[tuple[str, ...], ...]) -> None:
    assert analysis.analyse(analysis.tokens(token)[0])[: len(forms)] == forms


def test_underscored_names_are_one_token_of_several_words() -> None:
    assert analysis.query_words("LDG_15.1") == [["ldg", "15", "1"]]
    assert analysis.query_words("C:\\Ledger\\web.config") == [["c"], ["ledger"], ["web", "config"]]


def test_both_languages_are_stemmed_by_their_own_rules() -> None:
    assert analysis.stem("invoices", "en") == analysis.stem("invoice", "en")
    assert analysis.stem("fatture", "it") == analysis.stem("fattura", "it")
    assert analysis.stem("815174", "en") == "815174"


def test_stop_words_have_no_stem() -> None:
    assert analysis.stems(("the", "invoice"), "en") == (analysis.stem("invoice", "en"),)
    assert analysis.stems(("della",), "it") == ()


def test_a_question_tells_its_language_by_its_small_words() -> None:
    assert analysis.query_language(["come", "si", "chiude", "il", "conto"], "en") == "it"
    assert analysis.query_language(["how", "do", "i", "close", "the", "account"], "it") == "en"
    assert analysis.query_language(["ledger"], "it") == "it"


def test_a_very_long_word_is_cut_alike_everywhere() -> None:
    assert analysis.query_words("a" * 300) == [["a" * analysis.MAX_TERM]]
    assert analysis.analyse("a" * 300) == (("a" * analysis.MAX_TERM,),)


def test_words_of_the_same_meaning_know_each_other_in_every_form() -> None:
    assert "remove" in synonyms("deleted", "en")
    assert "delete" in synonyms("remove", "en")
    assert synonyms("ledger", "en") == ()
    for language, groups in GROUPS.items():
        stems = [analysis.stem(word, language) for group in groups for word in group.split()]
        assert len(stems) == len(set(stems)), f"a word stands in two groups of {language}"
