"""Staff pages of critical notices: the list, writing one, and sending it with a look at whom it reaches."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from sportello.accounts.queries import all_products
from sportello.accounts.services.check import LANGUAGES
from sportello.accounts.views.staff_index import StaffEntry
from sportello.core.errors import N_, Conflict, Invalid, NotFound, SportelloError
from sportello.core.policy import Action, allows
from sportello.core.types import Ref
from sportello.notifications.models import CriticalNotice, CriticalState
from sportello.notifications.queries.critical.lists import critical_entries, critical_entry
from sportello.notifications.queries.critical.reach import reached
from sportello.notifications.services.critical import change, draft, end, send
from sportello.notifications.services.critical.held import may_send, stamp
from sportello.notifications.services.critical.words import MOST, Words, check_complete
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.critical_report import standing_page
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain, ngettext
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, running_site, settings, write_session

ENTRY = StaffEntry(
    Action.CRITICAL_DRAFT,
    "exclamation-octagon",
    N_("Critical notices"),
    N_("What customers must know at once, who knows, and who has not said so."),
    "notifications.critical_list",
)
STATES = {
    CriticalState.DRAFT: N_("Draft"),
    CriticalState.TO_CONFIRM: N_("Waits for a second person"),
    CriticalState.SENT: N_("Sent out"),
    CriticalState.CLOSED: N_("Closed"),
    CriticalState.WITHDRAWN: N_("Withdrawn"),
}
Verb = Callable[[Session], object]


@bp.get("/staff/critical")
@requires(Action.CRITICAL_DRAFT)
def critical_list() -> ResponseReturnValue:
    place = request.args.get("after", "0")
    if not (place.isascii() and place.isdigit() and len(place) < 6):
        raise NotFound
    with read_session() as session:
        entries, following = critical_entries(session, current_viewer(), int(place))
    return render_template(
        "notifications/critical/list.html", entries=entries, following=following, place=int(place), states=STATES
    )


@bp.post("/staff/critical")
@requires(Action.CRITICAL_DRAFT)
def critical_begin() -> ResponseReturnValue:
    """A draft about `about` ("article:KEY"), or the notice about it that is there."""
    try:
        ref = Ref.parse(request.form.get("about", ""))
    except ValueError:
        raise NotFound from None
    with write_session() as session:
        notice = draft.begin(session, current_viewer(), ref)
    untouched = notice.state == CriticalState.DRAFT and not notice.consequence
    target = "notifications.critical_edit" if untouched else "notifications.critical_notice"
    return redirect(url_for(target, key=notice.key), 303)


@bp.get("/staff/critical/<key>")
@requires(Action.CRITICAL_DRAFT)
def critical_notice(key: str) -> ResponseReturnValue:
    """What it says, whom it reaches and what can be done; once it went out, who knows."""
    return notice_page(key)


def notice_page(key: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    viewer, two = current_viewer(), settings().critical_confirmation
    with read_session() as session:
        entry = critical_entry(session, viewer, key)
        notice = entry.notice
        common = {
            "entry": entry,
            "notice": notice,
            "problem": problem,
            "two_people": two,
            "seen": stamp(notice),
            "states": STATES,
            "sends": allows(viewer, Action.CRITICAL_SEND),
        }
        if notice.state not in (CriticalState.DRAFT, CriticalState.TO_CONFIRM):
            return standing_page(session, common), status
        who = reached(session, running_site().plans, notice.products, entry.about)
    lacking, tongue = _lacking(notice)
    return render_template(
        "notifications/critical/notice.html",
        who=who,
        lacking=lacking,
        lacking_in=tongue,
        may_send=_may_send(notice),
        **common,
    ), status


def _lacking(notice: CriticalNotice) -> tuple[str, str]:
    """What must still be written, and in which language if others are complete; ("", "") for nothing."""
    try:
        check_complete(Words.of(notice))
    except Invalid as error:
        return explain(error), (error.field or "").partition("_")[2] if notice.consequence else ""
    return "", ""


def _may_send(notice: CriticalNotice) -> bool:
    """Where two are needed, only what somebody else has asked for."""
    two = settings().critical_confirmation
    waits = notice.state == CriticalState.TO_CONFIRM
    return (waits or not two) and may_send(current_viewer(), notice, two)


@bp.get("/staff/critical/<key>/edit")
@requires(Action.CRITICAL_DRAFT)
def critical_edit(key: str) -> ResponseReturnValue:
    with read_session() as session:
        entry = critical_entry(session, current_viewer(), key)
        if entry.notice.state not in (CriticalState.DRAFT, CriticalState.TO_CONFIRM):
            return redirect(url_for("notifications.critical_notice", key=key))
        return form_page(session, "edit", key, Words.of(entry.notice), stamp(entry.notice))


@bp.post("/staff/critical/<key>/edit")
@requires(Action.CRITICAL_DRAFT)
def critical_save(key: str) -> ResponseReturnValue:
    words, seen = Words.from_fields(request.form), request.form.get("seen", "")
    try:
        with write_session() as session:
            draft.edit(session, current_viewer(), key, words, seen)
    except (Invalid, Conflict) as error:
        with read_session() as session:
            return form_page(session, "edit", key, words, seen, error=error), 409 if isinstance(
                error, Conflict
            ) else 400
    return redirect(url_for("notifications.critical_notice", key=key), 303)


def form_page(
    session: Session,
    name: str,
    key: str,
    words: Words,
    seen: str,
    *,
    reason: Mapping[str, str] | None = None,
    error: SportelloError | None = None,
) -> str:
    """A form of words, with what was typed, and what is wrong with which field of it."""
    entry = critical_entry(session, current_viewer(), key)
    field = getattr(error, "field", None)
    return render_template(
        f"notifications/critical/{name}.html",
        entry=entry,
        notice=entry.notice,
        words=words,
        reason=reason or {},
        products=all_products(session),
        seen=seen,
        languages=LANGUAGES,
        most=MOST,
        days=request.form.get("remind_days", str(words.remind_days)),
        wrong={field: explain(error)} if error and field else {},
        problem=explain(error) if error and not field else "",
        two_people=settings().critical_confirmation,
        sends=allows(current_viewer(), Action.CRITICAL_SEND),
    )


def _verbs(key: str) -> dict[str, tuple[Verb, str]]:
    """What a button does, and what is said afterwards."""
    actor, seen = current_viewer(), request.form.get("seen") or None
    plans, two = running_site().plans, settings().critical_confirmation
    going = N_("It is on its way to everybody whom it concerns.")
    return {
        "ask": (lambda s: draft.ask(s, actor, key, seen), N_("Asked. Somebody else who may send sees it now.")),
        "take-back": (lambda s: draft.take_back(s, actor, key), N_("It is a draft again.")),
        "send": (lambda s: send.send(s, actor, key, plans=plans, two_people=two, seen=seen or ""), going),
        "confirm": (lambda s: change.confirm(s, actor, key, two_people=two, seen=seen or ""), going),
        "drop": (lambda s: change.drop_staged(s, actor, key), N_("Given up. The notice stands as it did.")),
        "close": (lambda s: end.close(s, actor, key), N_("Closed: no banner and no reminder any more.")),
    }


@bp.post("/staff/critical/<key>/<any('ask', 'take-back', send, confirm, drop, close):act>")
@requires(Action.CRITICAL_DRAFT)
def critical_act(key: str, act: str) -> ResponseReturnValue:
    verb, done = _verbs(key)[act]
    return acted(key, verb, partial(_, done))


@bp.post("/staff/critical/<key>/remind")
@requires(Action.CRITICAL_SEND)
def critical_remind(key: str) -> ResponseReturnValue:
    count: list[int] = []

    def verb(session: Session) -> None:
        count.append(end.remind(session, current_viewer(), key, plans=running_site().plans))

    return acted(key, verb, lambda: ngettext("%(num)s person is reminded.", "%(num)s people are reminded.", count[0]))


def acted(key: str, verb: Verb, done: Callable[[], Any]) -> ResponseReturnValue:
    """Do it and go on to the notice, or say there why not."""
    try:
        with write_session() as session:
            verb(session)
    except (Invalid, Conflict) as error:
        return notice_page(key, explain(error), 409 if isinstance(error, Conflict) else 400)
    flash(done())
    return redirect(url_for("notifications.critical_notice", key=key), 303)


@bp.post("/staff/critical/<key>/discard")
@requires(Action.CRITICAL_DRAFT)
def critical_discard(key: str) -> ResponseReturnValue:
    try:
        with write_session() as session:
            draft.discard(session, current_viewer(), key)
    except Conflict as error:
        return notice_page(key, explain(error), 409)
    flash(_("Discarded. Nobody was told."))
    return redirect(url_for("notifications.critical_list"), 303)
