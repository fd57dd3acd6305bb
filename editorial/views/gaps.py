"""What was searched and not found, each group one decision: write, link, add a synonym, pin, dismiss."""

from urllib.parse import parse_qsl, urlencode

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial.queries.gaps import decided_gaps, gap_count, gap_list, remember_count
from editorial.services import gaps as deciding
from editorial.services.tuning import slug_in
from editorial.views.blueprint import bp
from editorial.views.choosing import found_articles
from editorial.views.queues import TABS, QueueTab, queue_page
from search_index.editing.gaps import MOST, PERIODS, GapQuery, Why
from search_index.editing.gaps import Key as GapKey
from search_index.log import normal
from sportello.accounts.login import plans
from sportello.accounts.views.blueprints import safe_next
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import LANGUAGES, explain
from sportello.web.i18n import gettext as _
from sportello.web.session import counters_reading, read_session, write_session

PERIOD_NAMES = {"week": N_("Past week"), "month": N_("Past month"), "all": N_("Any time")}
WHY_NAMES = {"": N_("All"), Why.FAILED: N_("Nothing found"), Why.UNCLICKED: N_("Nothing opened")}


@bp.get("/queues/gaps")
@requires(Action.FEEDBACK_READ)
def queue_gaps() -> ResponseReturnValue:
    """Most people first; with ?show=decided what was dealt with, newest first."""
    viewer, asked = current_viewer(), _asked()
    with read_session() as session, counters_reading() as counters:
        is_decided = request.args.get("show") == "decided"
        found, total = ([], 0) if is_decided else gap_list(session, counters, viewer, asked)
        if asked == GapQuery() and not is_decided:
            remember_count(counters, total)
        return queue_page(
            session,
            "editorial/gaps.html",
            asked=asked,
            found=found,
            total=total,
            most=MOST,
            decided=decided_gaps(session, viewer) if is_decided else None,
            done=_just_done(session, viewer),
            periods=PERIOD_NAMES,
            reasons=WHY_NAMES,
            classes={"anonymous": _("Without a plan"), **{code: plans().name(code) for code in plans().ladder}},
            may_tune=allows(viewer, Action.SEARCH_TUNE),
        )


@bp.post("/queues/gaps")
@requires(Action.SEARCH_TUNE)
def decide_gap() -> ResponseReturnValue:
    """Dismiss a group, or open it again."""
    language, group = deciding.split_key(request.form.get("gap", ""))
    back = safe_next(request.form.get("back")) or url_for("editorial.queue_gaps")
    with write_session() as session:
        if request.form.get("act") == "undo":
            deciding.reopen_gap(session, current_viewer(), language, group)
            flash(_("It is in the list again."))
            return redirect(back, 303)
        deciding.dismiss_gap(session, current_viewer(), language, group, request.form.get("words", ""))
    return _done(f"{language}:{group}")


@bp.route("/queues/gaps/link", methods=["GET", "POST"])
@requires(Action.SEARCH_TUNE)
def link_gap() -> ResponseReturnValue:
    """Choose the article that answers a group: it gets the wording as a keyword."""
    values, refused = request.values, None
    language, group = _key_or_none(values.get("gap", "")) or ("", "")
    if not group:
        return redirect(url_for("editorial.queue_gaps"))
    words = normal(values.get("words", "") or group)
    if request.method == "POST":
        try:
            with write_session() as session:
                slug = slug_in(request.form.get("article", ""))
                deciding.link_gap(session, current_viewer(), language, group, slug, words)
            return _done(f"{language}:{group}")
        except (Invalid, NotFound) as error:
            refused = error
    query = values.get("q", words)
    with read_session() as session:
        rows = found_articles(session, current_viewer(), query, language)
    page = render_template(
        "editorial/gap_link.html",
        gap=f"{language}:{group}",
        words=words,
        q=query,
        rows=rows,
        error=explain(refused) if refused else None,
    )
    return make_response(page, 400 if refused else 200)


def _done(key: str) -> ResponseReturnValue:
    """Back to the list, which says what was done and offers to undo it."""
    back = safe_next(request.form.get("back")) or url_for("editorial.queue_gaps")
    path, _sep, query = back.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name != "done"]
    return redirect(f"{path}?{urlencode([*kept, ('done', key)])}", 303)


def _just_done(session: Session, viewer: Viewer) -> object:
    key = request.args.get("done", "")
    return next((one for one in decided_gaps(session, viewer) if one.key == key), None) if key else None


def _asked() -> GapQuery:
    given = request.args
    period, why = given.get("period", ""), given.get("why", "")
    language, audience = given.get("language", ""), given.get("audience", "")
    return GapQuery(
        period=period if period in PERIODS else GapQuery.period,
        why=Why(why) if why in set(Why) else None,
        language=language if language in LANGUAGES else "",
        audience=audience if audience == "anonymous" or audience in plans().ladder else "",
    )


def _key_or_none(key: str) -> GapKey | None:
    try:
        return deciding.split_key(key)
    except NotFound:
        return None


def _count(session: Session, viewer: Viewer) -> int:
    with counters_reading() as counters:
        return gap_count(session, counters, viewer)


TABS.append(QueueTab(Action.FEEDBACK_READ, N_("Searched and not found"), "editorial.queue_gaps", _count, 50))
