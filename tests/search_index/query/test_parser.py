"""What people type, and what it means."""

from datetime import UTC, datetime

import pytest

from search_index.documents import Filters
from search_index.query.parser import parse
from search_index.query.tree import AllOf, AnyOf, Phrase, Word


def test_words_are_wanted_one_by_one() -> None:
    assert parse("Invoice  rounding, error!").nodes == (Word("invoice"), Word("rounding"), Word("error"))


@pytest.mark.parametrize("code", ["ORA-00942", "KB815174", "LDG_15.1", "0x80070005", "C:\\T\\a.log", "C++"])
def test_a_code_stays_one_word(code: str) -> None:
    assert parse(code).nodes == (Word(code.lower()),)


def test_quotation_marks_of_any_shape_make_a_phrase() -> None:
    expected = (Phrase(("rounding", "error")), Word("vat"))
    assert parse('"rounding error" VAT').nodes == expected
    assert parse("“Rounding error” vat").nodes == expected
    assert parse("«rounding error» vat").nodes == expected


def test_a_minus_or_not_leaves_out() -> None:
    assert parse("invoice -credit").excluded == (Word("credit"),)
    assert parse("invoice NOT credit").excluded == (Word("credit"),)
    assert parse('invoice -"credit note"').excluded == (Phrase(("credit", "note")),)
    assert parse("invoice -(credit note)").excluded == (AllOf((Word("credit"), Word("note"))),)
    assert parse("a AND NOT b").nodes == (AllOf((Word("a"),)),)


def test_a_negative_error_number_is_searched_not_excluded() -> None:
    query = parse("error -2147217900")
    assert query.nodes == (Word("error"), Word("2147217900"))
    assert query.excluded == ()


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    assert parse("month-end closing").excluded == ()


def test_not_in_an_all_capitals_message_is_a_word() -> None:
    query = parse("FILE NOT FOUND")
    assert query.nodes == (Word("file"), Word("not"), Word("found"))
    assert query.excluded == ()
    assert query.notices == ()


def test_or_and_groups() -> None:
    assert parse("a OR b c").nodes == (AnyOf((Word("a"), Word("b"))), Word("c"))
    assert parse("a (b OR c)").nodes == (Word("a"), AnyOf((Word("b"), Word("c"))))
    assert parse("x (a b)").nodes == (Word("x"), AllOf((Word("a"), Word("b"))))
    assert parse("a AND b").nodes == (AllOf((Word("a"), Word("b"))),)


def test_a_star_of_three_letters_is_a_prefix() -> None:
    assert parse("invo*").nodes == (Word("invo", prefix=True),)
    short = parse("in*")
    assert short.nodes == (Word("in"),)
    assert [message for message, _ in short.notices] == [
        "A star works at the end of a word of at least %(count)s letters, so it was ignored."
    ]


def test_title_restricts_to_the_title() -> None:
    assert parse("title:vat").nodes == (Word("vat", title_only=True),)
    assert parse('title:"vat lines"').nodes == (Phrase(("vat", "lines"), title_only=True),)
    assert parse("title:(a OR b)").nodes == (AnyOf((Word("a", False, True), Word("b", False, True))),)


def test_filters_are_taken_out_of_the_words() -> None:
    query = parse('product:Ledger kind:solution lang:it tag:VAT version:"ledger 15.1" rounding')
    assert query.nodes == (Word("rounding"),)
    assert query.filters == Filters(
        kinds=frozenset({"solution"}),
        products=frozenset({"ledger"}),
        versions=frozenset({"ledger 15.1"}),
        languages=frozenset({"it"}),
        tags=frozenset({"vat"}),
    )


def test_filters_of_one_field_are_alternatives() -> None:
    expected = frozenset({"ledger", "harbor"})
    assert parse("product:ledger product:harbor").filters.products == expected
    assert parse("product:ledger,harbor").filters.products == expected
    assert parse("(product:ledger OR product:harbor) x").filters.products == expected


def test_filters_have_italian_names_too() -> None:
    assert parse("prodotto:ledger lingua:italiano").filters == Filters(
        products=frozenset({"ledger"}), languages=frozenset({"it"})
    )


def _day(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("updated:2026", _day(2026, 1), _day(2027, 1)),
        ("updated:2026-12", _day(2026, 12), _day(2027, 1)),
        ("updated:2026-01-15", _day(2026, 1, 15), _day(2026, 1, 16)),
        ("updated:>2026-01", _day(2026, 2), None),
        ("updated:>=2026-01", _day(2026, 1), None),
        ("updated:<2026-01", None, _day(2026, 1)),
        ("updated:<=2026-01", None, _day(2026, 2)),
        ("updated:>=2026-01 updated:<2026-06", _day(2026, 1), _day(2026, 6)),
    ],
)
def test_updated_compares_whole_periods(typed: str, start: datetime | None, end: datetime | None) -> None:
    filters = parse(typed).filters
    assert (filters.updated_from, filters.updated_to) == (start, end)


@pytest.mark.parametrize("value", [">foo", "2026-13", "9999", "2026-02-30", ">>2026", "0000"])
def test_a_bad_date_is_explained_and_the_rest_searched(value: str) -> None:
    query = parse(f"rounding updated:{value}")
    assert query.nodes == (Word("rounding"),)
    assert query.filters == Filters()
    assert query.notices[0][1] == {"value": value}


@pytest.mark.parametrize(
    ("typed", "notice"),
    [
        ("vat lang:klingon", "“%(value)s” is not a language here: use en or it."),
        ("vat -product:ledger", "“%(field)s:” cannot be excluded, so that part was ignored."),
        ("vat author:anna", "There is no filter “%(field)s:”, so it was searched as words."),
        ('vat "open', "A quotation mark has no partner, so it was ignored."),
        ("vat (open", "A bracket has no partner, so it was ignored."),
        ("vat OR", "“%(word)s” needs words on both sides, so it was ignored."),
        ("vat OR -credit", "Words cannot be excluded inside OR, so that part was ignored."),
        ("vat -(a -b)", "Something excluded twice was ignored."),
    ],
)
def test_a_bad_operator_is_explained_and_the_rest_searched(typed: str, notice: str) -> None:
    query = parse(typed)
    assert Word("vat") in query.nodes
    assert notice in [message for message, _ in query.notices]


def test_an_address_or_a_path_is_no_unknown_filter() -> None:
    assert parse("http://a.example/b c:\\temp std::vector 12:30").notices == ()


def test_long_text_is_plain_words_with_its_filters() -> None:
    text = "The posting was refused because " * 9 + '"ledger" OR foo product:ledger title:refused'
    query = parse(text)
    assert query.plain
    assert query.filters.products == frozenset({"ledger"})
    assert query.nodes[0] == Word("refused", title_only=True)
    assert [node.text for node in query.nodes if isinstance(node, Word)].count("posting") == 1
    assert query.notices[-1][1] == {"operators": 'OR "'}


def test_seventeen_words_are_plain_without_a_notice() -> None:
    query = parse(" ".join(f"word{number}" for number in range(17)))
    assert query.plain
    assert len(query.nodes) == 17
    assert query.notices == ()


def test_six_brackets_deep_is_plain() -> None:
    assert parse("((((((a))))))").plain
    assert not parse("(((((a)))))").plain


def test_only_four_thousand_characters_are_read() -> None:
    query = parse("word " * 2000)
    assert len(query.raw) <= 4000
    assert query.notices[0][1] == {"count": "4000"}


def test_nothing_typed_is_empty() -> None:
    assert parse("").is_empty
    assert parse(" \x00\t\u200b ").is_empty
    assert parse("product:ledger").is_empty
