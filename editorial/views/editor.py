"""The editor: opening it, keeping what is typed, saving it as a revision and sending that on its way."""

from collections.abc import Sequence
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime
from sqlalchemy.orm import Session

from editorial import services
from editorial.diff import word_diff
from editorial.form import ArticleForm
from editorial.merge import EditConflict
from editorial.models import State, WorkingCopy
from editorial.previews import SECONDS
from editorial.queries.changes import open_change
from editorial.queries.history import revision_id_of
from editorial.rows import Stretch, at_most
from editorial.services.keeping import keep_merged
from editorial.views.blueprint import bp
from editorial.views.desk import Asked, desk_of
from editorial.views.readers import site_plans
from editorial.views.reviewing import MOST_ROWS
from editorial.views.typed import ONE_TEXT, SECTIONS, Typed, moment_of, read_typed
from kb.queries import get_article
from kb.services.rendering import render_article
from sportello.core.errors import Conflict, Forbidden, Invalid, SportelloError, Unavailable
from sportello.core.markup import Rendered
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.errors import STATUS
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, settings, write_session

LOOKS = {"preview": "", ONE_TEXT: ONE_TEXT, SECTIONS: SECTIONS}  # buttons that only show the page again
REFUSALS = (Invalid, Conflict, Forbidden, Unavailable)


@bp.get("/kb/<slug>/edit")
@requires(Action.ARTICLE_DRAFT)
def edit(slug: str) -> ResponseReturnValue:
    """The editor on the person's own working copy, or on the newest revision if there is none."""
    with read_session() as session:
        copy = services.view_copy(session, current_viewer(), slug)
    form = ArticleForm.from_fields(copy.fields)
    return _page(slug, form, Asked(unsaved=copy.saved_at if copy.changed else None), copy)


@bp.post("/kb/<slug>/edit")
@requires(Action.ARTICLE_DRAFT)
def save(slug: str) -> ResponseReturnValue:
    """Save a revision, and do with it what the button says. What is refused comes back with everything typed."""
    typed, act = read_typed(request.form), request.form.get("do", "save")
    if act in LOOKS:
        return _again(slug, typed, layout=LOOKS[act] or typed.layout)
    try:
        rendered = render_typed(slug, typed)
        with write_session() as session:
            return redirect(_carry_out(session, slug, typed, act, rendered), 303)
    except EditConflict as conflict:
        return _merged(slug, typed, conflict), 409
    except REFUSALS as refusal:
        status = next(code for kind, code in STATUS.items() if isinstance(refusal, kind))
        return _again(slug, typed, layout=typed.layout, problem=refusal), status


@bp.post("/kb/<slug>/edit/autosave")
@requires(Action.ARTICLE_DRAFT)
def autosave(slug: str) -> ResponseReturnValue:
    """Keep what the editor holds now; says when that was, and who else is writing."""
    typed, viewer = read_typed(request.form), current_viewer()
    with write_session() as session:
        copy = services.autosave(session, viewer, slug, typed.fields, begun_from(session, slug, typed))
        others = services.others_editing(session, viewer, slug)
    return {"saved": clock_time(copy.saved_at), "others": others}


@bp.post("/kb/<slug>/edit/discard")
@requires(Action.ARTICLE_DRAFT)
def discard(slug: str) -> ResponseReturnValue:
    """Throw away what was typed and not saved."""
    with write_session() as session:
        services.discard_copy(session, current_viewer(), slug)
    flash(_("Your unsaved changes were thrown away."))
    return redirect(url_for("editorial.edit", slug=slug), 303)


def clock_time(moment: datetime) -> str:
    """The time of day in the person's zone: 10:42."""
    return str(format_datetime(moment, "HH:mm"))


def render_typed(slug: str, typed: Typed) -> Rendered:
    """The text's HTML, before anything is locked for it. Raises TooLarge, TooComplex, Unavailable."""
    with read_session() as session:
        language = get_article(session, current_viewer(), slug).language
    return render_article(str(typed.fields.get("markdown", "")), language, seconds=SECONDS)


def save_typed(
    session: Session, slug: str, typed: Typed, rendered: Rendered, *, source_revision_id: int | None = None
) -> bool:
    """Save what was typed as a revision; False where nothing differs from the newest one."""
    viewer = current_viewer()
    begun = begun_from(session, slug, typed)
    copy = services.open_copy(session, viewer, slug, begun)
    before = ArticleForm.from_fields(copy.fields)
    form = ArticleForm.from_fields(typed.fields, before)
    base = begun.revision_id
    if form == before and not copy.changed and base == copy.base_revision_id and source_revision_id is None:
        return False
    services.save_change(
        session, viewer, slug, form, base_revision_id=base, ladder=site_plans().ladder,
        significance=typed.significance, comment=typed.comment, source_revision_id=source_revision_id,
        rendered=rendered if form.markdown == typed.fields.get("markdown") else None,
    )  # fmt: skip
    return True


def _carry_out(session: Session, slug: str, typed: Typed, act: str, rendered: Rendered) -> str:
    """Save, then submit, publish or schedule; returns where to go next."""
    viewer, agents = current_viewer(), settings().agents_publish
    saved = save_typed(session, slug, typed, rendered)
    change = open_change(session, viewer, slug)
    if act == "publish":
        done = services.publish_change(session, viewer, slug, ladder=site_plans().ladder, agents_publish=agents)
        flash(_("Published. Readers have it now."))
        return url_for("kb.show", slug=done.slug)
    if act == "schedule":
        at = moment_of(request.form.get("at", ""))
        if at is None:
            raise Invalid(_("Choose a day and a time."), field="at")
        services.schedule(session, viewer, slug, at, agents_publish=agents)
        flash(_("Saved, with the time at which it shall be published."))
    elif act == "review" and (change is None or change.state == State.DRAFT):
        services.submit(session, viewer, slug)
        flash(_("Sent to review."))
        return url_for("editorial.review", slug=slug)
    else:
        flash(_("Saved.") if saved else _("Nothing had changed since the last revision."))
    return url_for("editorial.edit", slug=slug)


def _asked(typed: Typed, layout: str = "", **more: object) -> Asked:
    at = request.form.get("at", "")
    return Asked(layout, typed.significance, typed.comment, at, posted=True, **more)  # type: ignore[arg-type]


def _again(slug: str, typed: Typed, layout: str, problem: SportelloError | None = None) -> str:
    """The page with everything that was typed, which is kept in the working copy too."""
    with write_session() as session:
        begun = begun_from(session, slug, typed)
        copy = services.autosave(session, current_viewer(), slug, typed.fields, begun)
    form = ArticleForm.from_fields(typed.fields, ArticleForm.from_fields(copy.fields))
    return _page(slug, form, _asked(typed, layout, problem=problem), copy)


def _merged(slug: str, typed: Typed, conflict: EditConflict) -> str:
    """The page with both versions put together, on which the next save starts from theirs."""
    with write_session() as session:
        begun = begun_from(session, slug, typed)
        copy = keep_merged(session, current_viewer(), slug, conflict.merged.to_fields(), conflict.head_id, begun)
    layout = ONE_TEXT if conflict.merge.conflicts else typed.layout
    return _page(slug, conflict.merged, _asked(typed, layout, conflict=conflict), copy)


def _page(slug: str, form: ArticleForm, asked: Asked, copy: WorkingCopy) -> str:
    viewer = current_viewer()
    with read_session() as session:
        translation = get_article(session, viewer, slug)
        desk = desk_of(session, copy, translation, form, asked)
        saved_at = clock_time(copy.saved_at)
        return render_template("editorial/edit.html", desk=desk, saved_at=saved_at, **both_diffs(asked))


def begun_from(session: Session, slug: str, typed: Typed) -> services.Begun:
    """What the submitted page was begun from. A number that no revision has counts for none."""
    revision = revision_id_of(session, current_viewer(), slug, typed.base or 0)
    return services.Begun(revision, typed.opened)


def both_diffs(asked: Asked) -> dict[str, tuple[Sequence[Stretch], int]]:
    """What each of two who clashed had changed, and how many rows are left out; nothing while nobody clashed."""
    if (clash := asked.conflict) is None:
        return {}
    base = clash.base.markdown
    return {
        "mine_diff": at_most(word_diff(base, clash.mine.markdown).folded(), MOST_ROWS),
        "theirs_diff": at_most(word_diff(base, clash.theirs.markdown).folded(), MOST_ROWS),
    }
