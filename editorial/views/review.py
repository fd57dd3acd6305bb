"""Reviewing a change: comments on its lines, the decision, handing it in and taking it back."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial import services
from editorial.models import State, Verdict
from editorial.notes import nearest
from editorial.queries.changes import get_change
from editorial.queries.history import revision_at
from editorial.views.blueprint import bp
from editorial.views.readers import site_plans
from editorial.views.reviewing import Kept, review_page
from sportello.core.errors import Conflict, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


@bp.get("/kb/<slug>/review")
@requires(Action.ARTICLE_HISTORY)
def review(slug: str) -> ResponseReturnValue:
    """What changed, who said what about it, and what can be done with it."""
    with read_session() as session:
        return review_page(session, slug)


def refused(slug: str, kept: Kept) -> ResponseReturnValue:
    """The page again, with what was typed and why it was not taken."""
    with read_session() as session:
        return review_page(session, slug, kept), 400


def to_review(slug: str, anchor: str | None = None) -> ResponseReturnValue:
    """Back to the page after something was done."""
    return redirect(url_for("editorial.review", slug=slug, _anchor=anchor), 303)


def told(error: Conflict, slug: str) -> ResponseReturnValue:
    """Somebody was faster: the page as it is now, and what happened."""
    flash(explain(error), "error")
    return to_review(slug)


@bp.post("/kb/<slug>/review/note")
@requires(Action.ARTICLE_HISTORY)
def note(slug: str) -> ResponseReturnValue:
    """A comment on a line, or on the whole."""
    text, line = request.form.get("text", ""), _number(request.form.get("line"))
    try:
        with write_session() as session:
            key = request.form.get("change", "")
            line_there, quote = _place(session, slug, key, line)
            made = services.add_note(session, current_viewer(), key, text=text, line=line_there, quote=quote)
            anchor = f"note-{made.key}"
    except Conflict as error:
        return told(error, slug)
    except Invalid as error:
        return refused(slug, Kept("note", explain(error), text, line))
    return to_review(slug, anchor)


def _number(given: str | None) -> int | None:
    return int(given) if given and given.isascii() and given.isdecimal() and len(given) < 8 else None


def _place(session: Session, slug: str, key: str, line: int | None) -> tuple[int | None, str]:
    """The line in the text as it is now, and the words that the reviewer saw there."""
    if line is None:
        return None, ""
    viewer = current_viewer()
    newest = get_change(session, viewer, key).revision
    number = _number(request.form.get("revision")) or newest.number
    seen = newest if number == newest.number else revision_at(session, viewer, slug, number)
    lines = seen.markdown.split("\n")
    if not 1 <= line <= len(lines):
        raise Invalid(_("The text has no such line."), field="line")
    quote = lines[line - 1]
    return (line if seen is newest else nearest(quote, line, newest.markdown.split("\n"))), quote


@bp.post("/kb/<slug>/review/note/<key>")
@requires(Action.ARTICLE_HISTORY)
def resolve(slug: str, key: str) -> ResponseReturnValue:
    """A comment is dealt with, or (reopen=1) not after all."""
    with write_session() as session:
        reopened = bool(request.form.get("reopen"))
        services.resolve_note(session, current_viewer(), key, resolved=not reopened)
    return to_review(slug, f"note-{key}")


@bp.post("/kb/<slug>/review/decide")
@requires(Action.ARTICLE_REVIEW)
def decide(slug: str) -> ResponseReturnValue:
    """Approve, ask for changes, reject: what the reviewer has read, not a later text."""
    text, viewer = request.form.get("text", ""), current_viewer()
    verdict, key = request.form.get("verdict", ""), request.form.get("change", "")
    try:
        with write_session() as session:
            if verdict not in set(Verdict):
                raise Invalid(_("Choose what shall become of the change."), field="verdict")
            number = _number(request.form.get("revision"))
            read = revision_at(session, viewer, slug, number) if number else None
            change = services.decide(
                session, viewer, key, Verdict(verdict), text, revision_id=read.id if read else None,
                ladder=site_plans().ladder,
            )  # fmt: skip
            state = State(change.state)
            slug = get_change(session, viewer, key).translation.slug  # the first publication settles it
    except Conflict as error:
        return told(error, slug)
    except Invalid as error:
        return refused(slug, Kept("decide", explain(error), text))
    flash(_outcome(state))
    to_queue = request.form.get("back") == "queue"
    return redirect(url_for("editorial.queue_review"), 303) if to_queue else to_review(slug)


def _outcome(state: State) -> str:
    words = {
        State.PUBLISHED: _("Approved. Readers have it now."),
        State.SCHEDULED: _("Approved. Readers get it at the hour that was chosen."),
        State.DRAFT: _("Sent back to the author with your words."),
        State.REJECTED: _("Rejected. The text stays in the history."),
    }
    return str(words.get(state, _("Approved.")))


@bp.post("/kb/<slug>/review/<any(submit, withdraw, discard):act>")
@requires(Action.ARTICLE_DRAFT)
def move(slug: str, act: str) -> ResponseReturnValue:
    """Hand the change in, take it back, or give it up."""
    verbs = {"submit": services.submit, "withdraw": services.withdraw, "discard": services.discard_change}
    done = {
        "submit": _("It waits for a reviewer now. You can take it back until somebody decides."),
        "withdraw": _("It is a draft again."),
        "discard": _("The change is given up. Its text stays in the history."),
    }
    try:
        with write_session() as session:
            verbs[act](session, current_viewer(), slug)
    except Conflict as error:
        return told(error, slug)
    flash(done[act])
    return to_review(slug)
