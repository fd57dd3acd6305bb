"""A text in parts: nothing is lost on the way there and back."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editorial.sections import Row, for_form, from_form, headings_in, in_sections, join, split
from kb.models import Kind

SOLUTION = "## Symptoms\n\nIt fails.\n\n## Cause\n\nRounding.\n\n## Resolution\n\n1. Change the rule.\n"
LINES = st.sampled_from(
    ["", "## Symptoms", "## Cause", "##Cause", "## ", "### Deeper", "# Top", "text", "  text", "```", "~~~", "````",
     "```sql", "    ```", "> ```", "## Ambiente ##", "- item", "\t", "Setext", "---", "## Symptoms\r", "``` a`b"]
)  # fmt: skip
TEXTS = st.one_of(st.lists(LINES, max_size=12).map("\n".join), st.text(alphabet="#` ~\nab", max_size=60), st.text())


def form_of(text: str, language: str = "en") -> list[Row]:
    """What comes back from the form when nobody has typed."""
    return for_form(text, Kind.SOLUTION, language)


@given(TEXTS)
def test_split_and_joined_it_is_the_same_text(text: str) -> None:
    assert join(split(text)) == text


@given(TEXTS, st.sampled_from(["en", "it"]))
def test_a_form_in_which_nobody_typed_gives_the_same_text(text: str, language: str) -> None:
    assert from_form(form_of(text, language)).strip("\n") == text.strip("\n")


@given(TEXTS, st.text(alphabet="ab \n", min_size=1).filter(str.strip))
def test_what_is_typed_under_a_heading_stays_under_it(text: str, words: str) -> None:
    rows = form_of(text)
    at = next(number for number, (part, _) in enumerate(rows) if part.meaning == 2)
    rows[at] = (replace(rows[at][0], body=words), rows[at][1])
    found = [part for part in split(from_form(rows)) if part.meaning == 2]
    assert words.strip("\n") in [part.body for part in found]


def test_the_parts_of_a_solution() -> None:
    parts = split(SOLUTION)
    assert [(part.name, part.meaning, part.body) for part in parts] == [
        ("", None, ""),
        ("Symptoms", 0, "It fails."),
        ("Cause", 2, "Rounding."),
        ("Resolution", 3, "1. Change the rule."),
    ]


def test_a_heading_inside_a_code_fence_is_code() -> None:
    text = "## Symptoms\n\n```sh\n## not a heading\n```\n\n## Cause\n"
    assert [part.name for part in split(text)] == ["", "Symptoms", "Cause"]


def test_an_open_fence_reaches_to_the_end() -> None:
    assert [part.name for part in split("## Symptoms\n~~~\n## Cause\n```\n## Cause\n")] == ["", "Symptoms"]


def test_a_fence_left_open_while_typing_does_not_swallow_the_next_section() -> None:
    rows = form_of(SOLUTION)
    rows[1] = (replace(rows[1][0], body="It says:\n\n```\nLDG-4102"), True)
    assert [part.name for part in split(from_form(rows))] == ["", "Symptoms", "Cause", "Resolution"]


def test_sections_that_a_solution_lacks_are_offered_in_their_place_and_left_out_while_empty() -> None:
    rows = form_of(SOLUTION)
    assert [part.name for part, _ in rows] == ["", "Symptoms", "Environment", "Cause", "Resolution"]
    assert from_form(rows) == SOLUTION
    rows[2] = (replace(rows[2][0], body="Ledger 15.0"), False)
    expected = SOLUTION.replace("## Cause", "## Environment\n\nLedger 15.0\n\n## Cause")
    assert from_form(rows) == expected


def test_an_emptied_section_keeps_its_heading() -> None:
    rows = [(replace(part, body="") if part.meaning == 2 else part, known) for part, known in form_of(SOLUTION)]
    assert [part.name for part in split(from_form(rows))] == ["", "Symptoms", "Cause", "Resolution"]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (SOLUTION, Kind.REFERENCE, True),
        ("", Kind.SOLUTION, True),
        ("", Kind.HOW_TO, False),
        ("Only words.", Kind.SOLUTION, False),
        ("## Steps\n\n1. Go.", Kind.SOLUTION, False),
        ("## Sintomi\n\nTotale errato.\n", Kind.KNOWN_PROBLEM, True),
    ],
)
def test_what_is_written_in_sections(text: str, kind: Kind, expected: bool) -> None:
    assert in_sections(text, kind) is expected


def test_a_heading_of_endless_spaces_takes_no_time() -> None:
    started = time.process_time()
    assert [part.name for part in split(f"## a{' ' * 100_000}b\n## c{' #' * 50_000}d")][1:] == [
        f"a{' ' * 100_000}b",
        f"c{' #' * 50_000}d",
    ]
    assert time.process_time() - started < 5


def test_standard_headings_are_put_into_the_other_language_and_nothing_else() -> None:
    english = "First.\n\n## Symptoms\n\nIt fails.\n\n## More\n\n```\n## Cause\n```\n\n## workaround ##\nWait.\n"
    italian = "First.\n\n## Sintomi\n\nIt fails.\n\n## More\n\n```\n## Cause\n```\n\n## Soluzione alternativa\nWait.\n"
    assert headings_in("it", english) == italian
    assert headings_in("it", italian) == italian
    assert headings_in("en", english.replace("workaround ##", "Workaround")) == headings_in("en", italian)
