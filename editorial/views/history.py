"""The past of an article: its revisions, one of them as readers would see it, two compared, one restored."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial import services
from editorial.diff import word_diff
from editorial.queries.changes import open_change
from editorial.queries.history import RevisionRow, revision_at
from editorial.queries.history import history as revisions_of
from editorial.queries.timeline import Fate, fates
from editorial.rows import at_most
from editorial.settings import Settings
from editorial.views.blueprint import bp
from editorial.views.reviewing import MOST_ROWS
from editorial.views.words import SIGNIFICANCE, STATES, Altered, altered
from kb import queries
from kb.models import Revision, is_published
from sportello.core.errors import Conflict, NotFound
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


@bp.get("/kb/<slug>/history")
@requires(Action.ARTICLE_HISTORY)
def history(slug: str) -> ResponseReturnValue:
    """Every revision, newest first."""
    viewer = current_viewer()
    with read_session() as session:
        item = queries.get_article(session, viewer, slug)
        rows = revisions_of(session, viewer, slug)
        by_revision: dict[int, list[Fate]] = {}
        for fate in fates(session, viewer, slug):
            by_revision.setdefault(fate.revision_id, []).append(fate)
        change = open_change(session, viewer, slug)
    return render_template(
        "editorial/history.html",
        item=item,
        rows=rows,
        fates=by_revision,
        staged=_staged(rows, change.base_revision_id, change.revision_id) if change else set(),
        change=change,
        published=is_published(item),
        states=STATES,
        significance=SIGNIFICANCE,
    )


def _staged(rows: list[RevisionRow], base_id: int | None, last_id: int) -> set[int]:
    """Numbers of the revisions after the base of a change, up to its last."""
    numbers = {row.id: row.number for row in rows}
    return set(range(numbers.get(base_id or 0, 0) + 1, numbers.get(last_id, 0) + 1))


@bp.get("/kb/<slug>/history/<int:number>")
@requires(Action.ARTICLE_HISTORY)
def revision(slug: str, number: int) -> ResponseReturnValue:
    """One revision as readers would see it, under a banner that says which it is. Its address stays."""
    viewer = current_viewer()
    with read_session() as session:
        found = revision_at(session, viewer, slug, number)
        rows = revisions_of(session, viewer, slug)
        row = next(one for one in rows if one.number == number)
        texts = [html for _heading, _id, html in found.sections] or [found.html]
        readable = queries.readable_slugs(session, viewer, set().union(*map(queries.linked_slugs, texts)))
    sections = [(name, id, queries.without_hidden_links(html, readable)) for name, id, html in found.sections]
    return render_template(
        "editorial/revision.html",
        item=found.translation,
        revision=found,
        row=row,
        newest=rows[0].number,
        read=next((one.number for one in rows if one.is_current), None),
        published=is_published(found.translation),
        significance=SIGNIFICANCE,
        sections=sections,
        html="" if sections else queries.without_hidden_links(found.html, readable),
    )


@bp.get("/kb/<slug>/compare")
@requires(Action.ARTICLE_HISTORY)
def compare(slug: str) -> ResponseReturnValue:
    """Two revisions: ?from= and ?to= (default: the last two), ?view=inline or side."""
    viewer = current_viewer()
    with read_session() as session:
        rows = revisions_of(session, viewer, slug)
        new = _number("to", rows[0].number)
        old = _number("from", max(1, new - 1))
        before, after = revision_at(session, viewer, slug, old), revision_at(session, viewer, slug, new)
        settings = _settings(session, before, after)
    difference = word_diff(before.markdown, after.markdown)
    stretches, left_out = at_most(difference.folded(), MOST_ROWS)
    return render_template(
        "editorial/compare.html",
        item=after.translation,
        before=before,
        after=after,
        rows=rows,
        difference=difference,
        stretches=stretches,
        left_out=left_out,
        titles=word_diff(before.title, after.title) if before.title != after.title else None,
        settings=settings,
        view="side" if request.args.get("view") == "side" else "inline",
    )


def _number(name: str, default: int) -> int:
    """A revision's number from the address. Raises NotFound for what is none."""
    given = request.args.get(name, "")
    if not given:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < 9):
        raise NotFound
    return int(given)


def _settings(session: Session, before: Revision, after: Revision) -> list[Altered]:
    """What differs in the settings that the two revisions carry, if both carry any."""
    if before.settings is None or after.settings is None:
        return []
    return altered(session, Settings.from_dict(before.settings), Settings.from_dict(after.settings))


@bp.post("/kb/<slug>/history/<int:number>/restore")
@requires(Action.ARTICLE_DRAFT)
def restore(slug: str, number: int) -> ResponseReturnValue:
    """The text of an old revision as a new one, staged like any other change."""
    try:
        with write_session() as session:
            comment = _("The words of revision %(number)s again", number=number)
            services.restore_revision(session, current_viewer(), slug, number, comment=comment)
    except Conflict as error:
        flash(explain(error), "error")
        return redirect(url_for("editorial.revision", slug=slug, number=number), 303)
    flash(_("Revision %(number)s stands again, as a new revision. Readers get it when it is published.", number=number))
    return redirect(url_for("editorial.review", slug=slug), 303)
