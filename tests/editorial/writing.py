"""What tests of the writing side share: agents beside the cast, forms, and short ways to a saved change."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import Change
from editorial.services import ArticleForm
from kb.models import ArticleTranslation, Kind
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core.audience import Role, Viewer
from tests.people import LADDER, make_person

PLANS = Plans.load()


def viewer(person: Person | None) -> Viewer:
    """Who a person of the cast is to the rule."""
    return viewer_of(person, PLANS)


def make_agent(session: Session, name: str = "gino") -> Viewer:
    """An agent: writes, and does not edit."""
    person = make_person(session, name, None, Role.AGENT)
    session.flush()
    return viewer(person)


def begin(session: Session, actor: Viewer, title: str = "Totals differ", **more: Any) -> ArticleTranslation:
    """A draft with a text."""
    values = {"kind": Kind.SOLUTION, "language": "en", "markdown": "## Symptoms\n\nOff.\n\n## Cause\n\nRounding.\n"}
    return services.start_article(session, actor, title=title, ladder=LADDER, **{**values, **more})


def typed(session: Session, actor: Viewer, slug: str, **fields: Any) -> ArticleForm:
    """The editor's content after somebody typed `fields` into it."""
    copy = services.open_copy(session, actor, slug)
    before = ArticleForm.from_fields(copy.fields)
    settings = replace(before.settings, **{k: v for k, v in fields.items() if hasattr(before.settings, k)})
    words = {k: v for k, v in fields.items() if k in ("title", "markdown", "summary")}
    return replace(before, settings=settings, **words)


def save(session: Session, actor: Viewer, slug: str, *, base: int | None = None, **fields: Any) -> Change:
    """Open the editor, type, save."""
    options = {k: fields.pop(k) for k in ("significance", "comment", "source_revision_id") if k in fields}
    copy = services.open_copy(session, actor, slug)
    form = typed(session, actor, slug, **fields)
    start = copy.base_revision_id if base is None else base
    return services.save_change(session, actor, slug, form, base_revision_id=start, ladder=LADDER, **options)


def state_of(session: Session, actor: Viewer, slug: str) -> str:
    """Where the open change stands, "" for none."""
    change = queries.open_change(session, actor, slug)
    return change.state if change else ""
