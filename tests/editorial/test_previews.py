"""The preview of each row is that of the whole text, cut where the rows are."""

from dataclasses import replace

import pytest

from editorial.previews import preview_rows, preview_text
from editorial.sections import Row, for_form
from kb.models import Kind
from sportello.core.markup import TooComplex

SOLUTION = "Before.\n\n## Symptoms\n\nIt **fails**[^1].\n\n## Cause\n\nSee [here][x].\n\n[^1]: Often.\n[x]: /kb/x\n"


def rows_of(text: str) -> list[Row]:
    return for_form(text, Kind.SOLUTION, "en")


def test_each_row_shows_its_part_of_the_text() -> None:
    before, symptoms, environment, cause, resolution = preview_rows(rows_of(SOLUTION), "en")
    assert before == "<p>Before.</p>"
    assert "<strong>fails</strong>" in symptoms
    assert 'href="/kb/x"' in cause
    assert (environment, resolution) == ("", "")


def test_a_heading_typed_into_a_row_is_shown_in_it() -> None:
    rows = rows_of(SOLUTION)
    rows[1] = (replace(rows[1][0], body="One.\n\n## Extra\n\nTwo."), True)
    _, symptoms, _, cause, _ = preview_rows(rows, "en")
    assert "<h2>Extra</h2><p>Two.</p>" in symptoms
    assert "here" in cause


def test_rows_with_headings_of_another_kind_are_rendered_one_by_one() -> None:
    rows = rows_of("## Symptoms\n\nOther\n---\n\nText\n\n## Cause\n\nRounding.\n")
    assert [html.count("Rounding") for html in preview_rows(rows, "en")] == [0, 0, 0, 1, 0]
    assert "Other" in preview_rows(rows, "en")[1]


def test_what_is_shown_is_safe() -> None:
    assert "<script" not in "".join(preview_rows(rows_of("## Symptoms\n\n<script>alert(1)</script>\n"), "en"))
    assert "<script" not in preview_text("<script>alert(1)</script>", "en")[0]


def test_a_text_that_takes_too_long_names_its_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editorial.previews.SECONDS", 0.2)
    monkeypatch.setattr("sportello.core.markup.pool.STALLED_SECONDS", 60)  # a busy machine comes that far in time
    with pytest.raises(TooComplex) as refused:
        preview_text("Fine.\n\n" + "[" * 20_000 + "\n", "en")
    assert refused.value.paragraph_number == 2
