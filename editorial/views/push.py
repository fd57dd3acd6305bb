"""“Tell its readers”: an editor sees exactly how many that are, writes a sentence, and pushes the article once."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from editorial.views.blueprint import bp
from editorial.views.readers import sentence_for, site_plans
from kb.services import push as service
from sportello.core.errors import Conflict, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, settings, write_session

PREFIX = "says_"


@bp.get("/kb/<slug>/push")
@requires(Action.ARTICLE_PUSH)
def push(slug: str) -> ResponseReturnValue:
    """Who would be told, and the form; or when it was done, and how many heard."""
    try:
        return _page(slug, {}, {})
    except Conflict as error:
        flash(explain(error), "error")
        return redirect(url_for("kb.show", slug=slug), 303)


@bp.post("/kb/<slug>/push")
@requires(Action.ARTICLE_PUSH)
def send_push(slug: str) -> ResponseReturnValue:
    """Tell them; a sentence that is refused comes back as it was typed."""
    says = {name.removeprefix(PREFIX): text for name, text in request.form.items() if name.startswith(PREFIX)}
    try:
        with write_session() as session:
            service.push_article(session, current_viewer(), slug, says)
    except Invalid as error:
        return _page(slug, says, {error.field or "": explain(error)}), 400
    except Conflict as error:
        flash(explain(error), "error")
        return redirect(url_for("kb.show", slug=slug), 303)
    flash(_("Its readers are being told."))
    return redirect(url_for("editorial.push", slug=slug), 303)


def _page(slug: str, says: Mapping[str, str], problems: Mapping[str, str]) -> str:
    totp = settings().require_staff_totp
    with read_session() as session:
        found = service.push_preview(session, current_viewer(), site_plans(), slug, staff_totp=totp)
        sentence = sentence_for(session, found.subject.audience)
    return render_template(
        "editorial/push.html",
        item=found.translation,
        found=found,
        sentence=sentence,
        says=says,
        problems=problems,
        most=service.MAX_SENTENCE,
    )
