"""Rendering, once per revision: the HTML, its words, its contents, and the sections if it reads as a solution."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from kb.events import ArticlesChanged
from kb.models import Article, ArticleTranslation, Revision
from kb.services.draft import DraftText
from sportello.core import audience, outbox
from sportello.core.db import Database
from sportello.core.errors import Invalid, Unavailable
from sportello.core.markup import MARKUP_VERSION, Limit, Rendered, render

BATCH = 50
ATTEMPTS = 3
PATIENCE = 5.0  # seconds for one text: nobody waits for an import

# Headings of the KCS article structure (Symptoms, Environment, Cause, Resolution) in both languages.
_SECTION_NAMES = {
    "symptom": "symptoms",
    "symptoms": "symptoms",
    "problem": "symptoms",
    "sintomi": "symptoms",
    "sintomo": "symptoms",
    "problema": "symptoms",
    "environment": "environment",
    "ambiente": "environment",
    "cause": "cause",
    "causes": "cause",
    "causa": "cause",
    "resolution": "resolution",
    "solution": "resolution",
    "workaround": "resolution",
    "risoluzione": "resolution",
    "soluzione": "resolution",
    "soluzione alternativa": "resolution",
}


def render_article(markdown: str, language: str, *, seconds: float = PATIENCE) -> Rendered:
    """Safe HTML of an article's text. Raises Invalid (TooLarge above 256 KiB, TooComplex), and Unavailable when the
    machine is too busy three times in a row."""
    for _ in range(ATTEMPTS - 1):
        with suppress(Unavailable):
            return render(markdown, limit=Limit.STAFF, language=language, seconds=seconds)
    return render(markdown, limit=Limit.STAFF, language=language, seconds=seconds)


def is_solution(headings: Iterable[str]) -> bool:
    """Two different sections of the KCS structure are there."""
    return len({_SECTION_NAMES.get(heading.strip().lower().rstrip(":")) for heading in headings} - {None}) >= 2


def rendered_columns(rendered: Rendered) -> dict[str, Any]:
    """The columns of a revision that come from rendering."""
    solution = is_solution(section.heading for section in rendered.sections)
    return {
        "html": rendered.html,
        "plain": rendered.plain,
        "headings": "\n".join(rendered.headings),
        "toc": [list(entry) for entry in rendered.toc],
        "sections": [[part.heading, part.id, part.html] for part in rendered.sections] if solution else [],
        "markup_version": MARKUP_VERSION,
    }


def make_revision(
    translation: ArticleTranslation,
    text: DraftText,
    rendered: Rendered,
    *,
    number: int,
    author_id: int | None,
    comment: str = "",
) -> Revision:
    """A revision of `translation`, not yet added to a session."""
    return Revision(
        translation=translation,
        number=number,
        title=text.title,
        markdown=text.markdown,
        author_id=author_id,
        created_at=translation.updated_at,
        comment=comment,
        **rendered_columns(rendered),
    )


@dataclass
class Refreshed:
    """How a run of `refresh_rendering` went."""

    rendered: int = 0
    failed: int = 0


def outdated(session: Session) -> int:
    """Number of current revisions whose HTML was made by another version of the renderer."""
    return session.scalar(_outdated(func.count())) or 0


def refresh_rendering(database: Database) -> Iterable[Refreshed]:
    """Render current revisions again after MARKUP_VERSION changed, in batches; yields the running totals.

    A text that cannot be rendered keeps its old HTML and counts as failed.
    """
    done, after = Refreshed(), 0
    while True:
        with database.read() as session:
            columns = (Revision.id, Revision.markdown, ArticleTranslation.language, Article.key)
            statement = _outdated(*columns).where(Revision.id > after).order_by(Revision.id).limit(BATCH)
            rows = session.execute(statement).all()
        if not rows:
            return
        after = rows[-1].id
        values, keys = [], []
        for row in rows:
            try:
                values.append({"id": row.id, **rendered_columns(render_article(row.markdown, row.language))})
                keys.append(row.key)
            except Invalid:
                done.failed += 1
        with database.write() as session:
            session.bulk_update_mappings(Revision.__mapper__, values)
            outbox.emit(session, ArticlesChanged(keys))
        done.rendered += len(values)
        yield done


def _outdated(*columns: Any) -> Any:
    return Revision.visible_to(audience.system(), *columns).where(
        Revision.markup_version != MARKUP_VERSION, ArticleTranslation.revision_id == Revision.id
    )
