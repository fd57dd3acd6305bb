"""My settings: how one wants to be told."""

from functools import partial

from flask import Response, redirect, request, url_for
from flask import flash as say
from flask.typing import ResponseReturnValue
from wtforms import SelectField

from sportello.accounts.forms import choices
from sportello.accounts.views.blueprints import page, tried
from sportello.core.errors import N_, Invalid, SportelloError
from sportello.notifications.levels import Channel
from sportello.notifications.models import DigestRhythm
from sportello.notifications.queries.preferences import Wishes, wishes_of
from sportello.notifications.registry import registry
from sportello.notifications.services.feed import make_feed, revoke_feed
from sportello.notifications.services.prefer import prefer
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.words import CHANNELS
from sportello.web.access import current_viewer, signed_in
from sportello.web.forms import Form
from sportello.web.i18n import gettext as _
from sportello.web.i18n import lazy_gettext
from sportello.web.session import read_session, settings, write_session

RHYTHMS = (
    (DigestRhythm.WEEKLY.value, lazy_gettext("Every Monday")),
    (DigestRhythm.DAILY.value, lazy_gettext("Every day")),
    (DigestRhythm.NEVER.value, lazy_gettext("Never")),
)
HOURS = (("", lazy_gettext("Not set")), *((str(hour), f"{hour:02}:00") for hour in range(24)))


class PreferencesForm(Form):
    digest = SelectField(lazy_gettext("Digest"), choices=choices(RHYTHMS))
    quiet_from = SelectField(lazy_gettext("Quiet from"), choices=choices(HOURS))
    quiet_to = SelectField(lazy_gettext("Quiet until"), choices=choices(HOURS))

    @classmethod
    def of(cls, wishes: Wishes) -> "PreferencesForm":
        """What was sent, else what is kept."""
        kept = {"quiet_from": wishes.quiet_from, "quiet_to": wishes.quiet_to}
        hours = {name: "" if hour is None else str(hour) for name, hour in kept.items()}
        return cls(data={"digest": wishes.digest.value, **hours})


@bp.route("/settings/notifications", methods=["GET", "POST"])
@signed_in
def preferences() -> ResponseReturnValue:
    with read_session() as session:
        wishes = wishes_of(session, current_viewer().person_id)
    form = PreferencesForm.of(wishes)
    if request.method != "POST":
        return _page(form, wishes)
    if not form.validate():
        return _page(form, wishes), 400
    if refused := tried(form, partial(_save, form)):
        return _page(form, wishes, refused)
    say(_("Saved."))
    return redirect(url_for("notifications.preferences"), 303)


@bp.post("/settings/notifications/feed")
@signed_in
def manage_feed() -> ResponseReturnValue:
    """A new address, shown this once, or none any more: which, says the button."""
    wanted, token = request.form.get("do"), ""
    if wanted not in ("make", "revoke"):
        raise Invalid(N_("Say whether the feed is to get an address or to be switched off."), field="do")
    with write_session() as session:
        if wanted == "make":
            token = make_feed(session, current_viewer())
        else:
            revoke_feed(session, current_viewer())
        wishes = wishes_of(session, current_viewer().person_id)
    if token:
        path = url_for("notifications.feed", token=token)
        return _page(PreferencesForm.of(wishes), wishes, address=f"{settings().base_url.rstrip('/')}{path}")
    say(_("The feed is switched off: its address answers nothing any more."))
    return redirect(url_for("notifications.preferences", _anchor="feed"), 303)


def _page(form: PreferencesForm, wishes: Wishes, refused: SportelloError | None = None, address: str = "") -> Response:
    """`address`: of the feed, just made."""
    events = registry.chosen_events()
    on = (
        _pairs()
        if form.is_submitted() and not address
        else {(event.code, channel.value) for event in events for channel in Channel if wishes.wants(event, channel)}
    )
    return page(
        "notifications/preferences.html", refused, form=form, wishes=wishes, events=events, channels=CHANNELS, on=on,
        address=address,
    )  # fmt: skip


def _save(form: PreferencesForm) -> None:
    quiet = _hour(form.quiet_from.data), _hour(form.quiet_to.data)
    with write_session() as session:
        prefer(session, current_viewer(), digest=form.digest.data, quiet=quiet, wanted=_pairs())


def _hour(value: str) -> int | None:
    return int(value) if value else None


def _pairs() -> set[tuple[str, str]]:
    """The boxes that are ticked: event and channel."""
    found = (value.rpartition(":") for value in request.form.getlist("on"))
    return {(event, channel) for event, _colon, channel in found}
