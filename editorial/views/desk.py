"""The editor as a page: everything its template shows, for a text that was typed, saved, or just begun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from editorial.form import ArticleForm
from editorial.merge import EditConflict
from editorial.models import Change, ReviewNote, WorkingCopy
from editorial.previews import preview_rows, preview_text
from editorial.queries.changes import open_change, unanswered
from editorial.queries.desk import category_choices, product_choices
from editorial.queries.history import history
from editorial.queries.owners import owner_choices
from editorial.queries.similar import similar_articles
from editorial.queries.translation import article_languages
from editorial.sections import Row
from editorial.services.copies import others_editing, settings_of
from editorial.services.publishing import may_publish_at
from editorial.views.readers import audience_groups, sentence_for
from editorial.views.typed import ONE_TEXT, SECTIONS, frame_of, rows_for
from kb.models import ArticleTranslation, Significance
from kb.queries import article_files, pictures_without_alt
from search_index.views import search_service
from sportello.accounts.models import Person
from sportello.core.errors import Invalid, SportelloError, Unavailable
from sportello.core.markup import TooComplex, TooLarge
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer
from sportello.web.i18n import explain
from sportello.web.session import settings

INTERVALS = (90, 180, 365, 730)  # days


@dataclass(frozen=True)
class PartView:
    """A section of the form: its heading line and frame travel hidden, `html` is its preview."""

    heading: str
    name: str
    meaning: int | None
    frame: str
    body: str
    html: str


@dataclass(frozen=True)
class Asked:
    """How the page is wanted: what is shown besides the form itself. `unsaved`: when the working copy was typed;
    `posted`: it answers what was just sent, which the working copy holds."""

    layout: str = ""
    significance: str = Significance.NORMAL
    comment: str = ""
    at: str = ""
    unsaved: datetime | None = None
    posted: bool = False
    problem: SportelloError | None = None
    conflict: EditConflict | None = None


@dataclass(frozen=True)
class Desk:
    """What the template shows."""

    translation: ArticleTranslation
    form: ArticleForm
    asked: Asked
    base: int
    opened: Mapping[str, Any]  # the settings as they stood when the text was begun
    current: int  # number of the revision that readers have, 0 for none
    change: Change | None
    parts: Sequence[PartView] | None
    html: str
    unshown: str  # why there is no preview
    offered: Mapping[str, Any]
    others: Sequence[str] = ()
    asked_for: Sequence[tuple[ReviewNote, str]] = ()  # what reviewers want changed, and who
    newer_by: str = ""  # who saved a revision after the one that the text was begun from
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def layout(self) -> str:
        return ONE_TEXT if self.parts is None else SECTIONS


FIELDS = frozenset({"title", "markdown", "summary", "comment", "at", *ArticleForm("", "").settings.as_dict()})


def desk_of(
    session: Session, copy: WorkingCopy, translation: ArticleTranslation, form: ArticleForm, asked: Asked
) -> Desk:
    """The page of `form`, which may hold anything, and of the working copy that keeps it."""
    viewer, slug, language = current_viewer(), translation.slug, translation.language
    revisions = history(session, viewer, slug)
    rows = rows_for(form, language, asked.layout)
    problem, error = asked.problem, {}
    shown, unshown = _preview(form, rows, language, problem)
    if isinstance(problem, Invalid) and problem.field in FIELDS:
        error = {str(problem.field): explain(problem)}
    newest = revisions[0]
    numbers = {row.id: row.number for row in revisions}
    begun_from = numbers.get(copy.base_revision_id or 0, newest.number)
    change = open_change(session, viewer, slug)
    is_behind = begun_from < newest.number and newest.author_id != viewer.person_id
    return Desk(
        translation,
        form,
        asked,
        begun_from,
        (settings_of(copy) or form.settings).as_dict(),
        next((row.number for row in revisions if row.is_current and translation.published_at), 0),
        change,
        _parts(rows, shown) if rows is not None else None,
        "" if rows is not None else shown[0],
        unshown,
        _offered(session, translation, form),
        others_editing(session, viewer, slug),
        unanswered(session, viewer, change),
        newest.author if is_behind and not asked.conflict else "",
        error,
        explain(problem) if problem is not None and not error else "",
    )


def _preview(
    form: ArticleForm, rows: Sequence[Row] | None, language: str, problem: SportelloError | None
) -> tuple[list[str], str]:
    """The HTML of each row, and why there is none; not tried again where that has just been found out."""
    try:
        if isinstance(problem, TooComplex | TooLarge | Unavailable):
            raise problem
        if rows is None:
            return preview_text(form.markdown, language), ""
        return preview_rows(rows, language), ""
    except (Invalid, Unavailable) as error:
        return [""] * max(1, len(rows or ())), explain(error)


def _parts(rows: Sequence[Row], shown: Sequence[str]) -> list[PartView]:
    return [
        PartView(row[0].heading, row[0].name, row[0].meaning, frame_of(row), row[0].body, html)
        for row, html in zip(rows, shown, strict=True)
    ]


def _offered(session: Session, translation: ArticleTranslation, form: ArticleForm) -> dict[str, Any]:
    """Choices, and what the page says beside the form."""
    viewer = current_viewer()
    owners: Sequence[Person] = owner_choices(session)
    similar = similar_articles(
        search_service(), session, viewer, form.title, translation.language, besides=translation.article.key
    )
    return {
        "audiences": audience_groups(session),
        "sentence": sentence_for(session, form.settings.audience),
        "products": product_choices(session, viewer),
        "categories": category_choices(session, viewer),
        "owners": owners,
        "intervals": INTERVALS,
        "languages": article_languages(session, viewer, translation.article_id),
        "similar": similar,
        "bare": pictures_without_alt(form.markdown),
        "files": article_files(session, viewer, translation.slug),
        "may_publish": allows(viewer, Action.ARTICLE_PUBLISH)
        or may_publish_at(settings().agents_publish, form.settings.confidence, translation.article.confidence),
    }
