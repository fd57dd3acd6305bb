"""What the editor's form sends: rows of sections or one text, and the settings, as the services take them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from editorial.form import ArticleForm
from editorial.sections import Part, Row, for_form, from_form, in_sections
from editorial.settings import LISTS, NAMES, Settings
from kb.models import Significance
from sportello.core.errors import Invalid
from sportello.web.i18n import current_timezone
from sportello.web.i18n import gettext as _

SECTIONS, ONE_TEXT = "sections", "text"  # how the body is written
LONGEST_GAP = 40  # newlines kept around a section
_FRAME = re.compile(r"(\d{1,2}),(\d{1,2})")


@dataclass(frozen=True)
class Typed:
    """A submitted editor. `fields` are those of `ArticleForm`; `base` the number of the revision begun from,
    `opened` the settings as they stood then."""

    fields: dict[str, Any]
    rows: Sequence[Row] | None
    base: int | None
    significance: Significance
    comment: str
    opened: Settings | None = None

    @property
    def layout(self) -> str:
        return ONE_TEXT if self.rows is None else SECTIONS


def read_typed(form: MultiDict[str, str]) -> Typed:
    """Read the form as it came; nothing in it is refused here."""
    fields: dict[str, Any] = {name: _lines(form[name]) for name in ("title", "summary", "markdown") if name in form}
    for name in NAMES:
        if name in form:
            fields[name] = form.getlist(name) if name in LISTS else form[name]
    rows = _rows(form) if "part" in form else None
    if rows is not None:
        fields["markdown"] = from_form(rows)
    weight = form.get("significance", "")
    return Typed(
        fields,
        rows,
        number_in(form, "base"),
        Significance(weight) if weight in set(Significance) else Significance.NORMAL,
        form.get("comment", "").strip(),
        _opened(form.get("opened", "")),
    )


def _opened(sent: str) -> Settings | None:
    """The settings that the page put into the form; None for anything else."""
    try:
        return ArticleForm.from_fields(json.loads(sent)).settings
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def number_in(form: MultiDict[str, str], name: str) -> int | None:
    """A number that the page put into the form; None for anything else."""
    value = form.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 9 else None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(form: MultiDict[str, str]) -> list[Row]:
    bodies, headings, frames = form.getlist("part"), form.getlist("heading"), form.getlist("frame")
    rows = []
    for body, heading, frame in zip(bodies, headings, frames, strict=False):
        text = _lines(body)
        line = " ".join(heading.split("\n"))[:300].rstrip("\r")
        match = _FRAME.fullmatch(frame)
        lead, tail = (min(int(gap), LONGEST_GAP) for gap in match.groups()) if match else (0, 0)
        rows.append((Part(line, text, "\n" * lead, "\n" * tail), match is not None))
    return rows


def frame_of(row: Row) -> str:
    """The blank lines around a row's text, as the form carries them; empty for a row that the text lacks."""
    part, known = row
    return f"{min(len(part.lead), LONGEST_GAP)},{min(len(part.tail), LONGEST_GAP)}" if known else ""


def rows_for(form: ArticleForm, language: str, layout: str = "") -> list[Row] | None:
    """The rows in which the body is shown; None for a body that is written as one text."""
    if layout == ONE_TEXT or not (layout == SECTIONS or in_sections(form.markdown, form.settings.kind)):
        return None
    return for_form(form.markdown, form.settings.kind, language)


def moment_of(typed: str) -> datetime | None:
    """A date and time as the field sends them, in the person's time zone; None when empty. Raises Invalid."""
    if not typed.strip():
        return None
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=current_timezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(_("Write date and time like this: 2026-12-31 18:30."), field="at") from None
