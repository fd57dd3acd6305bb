"""Words that editors say mean the same, on every engine."""

from search_index.documents import Results
from search_index.editing.book import Book
from search_index.editing.expand import expand
from search_index.editing.wording import phrase_stems
from search_index.engine import SearchEngine
from search_index.query.parser import parse
from tests.search_index.contract.cast import ANONYMOUS, SARA, doc, keys


def book(*groups: tuple[str, ...], language: str = "en", one_way: bool = False) -> Book:
    table: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in groups:
        for word in group[:1] if one_way else group:
            others = tuple(other for other in group if other != word)
            table[phrase_stems(word, language)] = others
    return Book({language: table})


def find(engine: SearchEngine, text: str, synonyms: Book, who: frozenset[str] = SARA, language: str = "en") -> Results:
    query = expand(parse(text), synonyms)
    return engine.search(query, audiences=who, language=language, filters=query.filters, masked=(), limit=50)


def test_the_other_word_finds_the_text(engine: SearchEngine) -> None:
    synonyms = book(("fork", "pallet"))
    assert keys(find(engine, "fork", Book())) == []
    assert keys(find(engine, "fork", synonyms)) == ["pallet"]
    assert keys(find(engine, "forks", synonyms)) == ["pallet"], "another form of the word"
    assert find(engine, "pallet", synonyms).total == 1


def test_one_way_works_one_way(engine: SearchEngine) -> None:
    synonyms = book(("carrier", "invoice"), one_way=True)
    assert "rounding" in keys(find(engine, "carrier", synonyms))
    assert "pallet" not in keys(find(engine, "invoice", synonyms))


def test_texts_with_the_word_itself_come_before_those_with_a_synonym(empty: SearchEngine) -> None:
    empty.rebuild(
        [
            doc("said", "public", "About something else", "Many words, and once, late in the text, a widget. " * 3),
            doc("meant", "public", "Gizmo gizmo", "gizmo " * 20, helpful=1.0, verified=True, days=0),
            *(doc(f"other{number}", "public", "Widget", "widget " * number) for number in range(1, 6)),
        ]
    )
    found = keys(find(empty, "widget", book(("widget", "gizmo"))))
    assert found[-1] == "meant"
    assert len(found) == 7


def test_documents_with_all_words_come_before_those_with_some_also_by_synonyms(engine: SearchEngine) -> None:
    assert keys(find(engine, "fork dock", book(("fork", "pallet"))))[0] == "pallet"
    found = keys(find(engine, "fork invoice dock", book(("fork", "pallet"))))
    assert "pallet" in found
    assert "rounding" in found


def test_a_phrase_stands_for_a_word_and_a_word_for_a_phrase(empty: SearchEngine) -> None:
    empty.rebuild(
        [
            doc("till", "public", "The POS terminal", "A terminal at the till."),
            doc("long", "public", "Point of sale", "Where the money is."),
            doc("point", "public", "A point of view", "Nothing is for sale."),
        ]
    )
    synonyms = book(("pos", "point of sale"))
    assert keys(find(empty, "pos", synonyms)) == ["till", "long"]
    found = keys(find(empty, "point of sale", synonyms))
    assert set(found[:2]) >= {"long"}
    assert "till" in found
    whole = keys(find(empty, "point of sale terminal", synonyms))
    assert whole[0] == "till", "every word is answered: three by the synonym, one as typed"


def test_what_is_quoted_starred_or_a_field_is_not_expanded(engine: SearchEngine) -> None:
    synonyms = book(("fork", "pallet"))
    for text in ('"fork"', '"fork dock"', "fork*", "title:fork", "tag:fork", "-fork"):
        assert expand(parse(text), synonyms) == parse(text), text
    assert find(engine, '"fork"', synonyms).total == 0
    assert "pallet" in keys(find(engine, "dock -fork", synonyms)), "what is left out is what was typed"


def test_synonyms_work_inside_groups(engine: SearchEngine) -> None:
    synonyms = book(("fork", "pallet"))
    assert keys(find(engine, "(fork OR zebra)", synonyms)) == ["pallet"]
    assert keys(find(engine, "fork AND dock", synonyms)) == ["pallet"]
    assert keys(find(engine, "fork AND zebra", synonyms)) == []


def test_synonyms_are_of_their_language(engine: SearchEngine) -> None:
    synonyms = book(("serrata", "chiusura"), language="it")
    assert keys(find(engine, "serrata", synonyms, language="it")) == ["italian"]
    assert keys(find(engine, "serrata", synonyms, language="en")) == ["italian"]
    assert keys(find(engine, "fork", book(("fork", "chiusura"), language="en"))) == []


def test_a_synonym_opens_no_partition(engine: SearchEngine) -> None:
    synonyms = book(("candy", "marzipan"), ("stone", "obsidian"))
    assert keys(find(engine, "candy", synonyms)) == ["staff"]
    assert find(engine, "candy stone", synonyms, ANONYMOUS).total == 0


def test_a_word_that_is_answered_by_a_synonym_is_not_misspelt(engine: SearchEngine) -> None:
    def help_for(synonyms: Book, who: frozenset[str]) -> str | None:
        query = expand(parse("invoyce"), synonyms)
        return engine.correct(query, audiences=who, language="en", masked=())

    assert help_for(Book(), SARA) == "invoice"
    assert help_for(book(("invoyce", "pallet")), SARA) is None
    assert help_for(book(("invoyce", "carrier answer")), SARA) == "invoice", "nobody writes so"
    assert help_for(book(("invoyce", "marzipan")), ANONYMOUS) == "invoice", "nothing that they may read says so"


def test_a_long_text_is_expanded_too_and_stays_quick(engine: SearchEngine) -> None:
    synonyms = book(("fork", "pallet"))
    text = " ".join(f"word{number}" for number in range(400)) + " fork"
    assert keys(find(engine, text, synonyms)) == ["pallet"]
