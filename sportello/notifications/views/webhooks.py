"""Systems that are told by HTTP: company contacts and administrators add them, try them and see what they answered."""

from functools import partial

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts.forms import choices
from sportello.accounts.models import Organisation
from sportello.accounts.views.blueprints import page
from sportello.core.errors import Conflict
from sportello.core.limits import Limit, hit
from sportello.core.policy import Action
from sportello.notifications.models import Webhook
from sportello.notifications.queries import webhooks as query
from sportello.notifications.registry import registry
from sportello.notifications.services import webhooks as service
from sportello.notifications.services.organisations import organisation_of
from sportello.notifications.services.webhooks import WebhookData
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.organisation_forms import WebhookForm, answered, shown
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import counters_session, read_session, settings, write_session

TESTS = Limit("webhook-test", 20, 3600)
CHECKS = Limit("webhook-check", 30, 3600)  # of addresses: each asks somebody's name server, and waits for it


@bp.route("/organisation/webhooks", methods=["GET", "POST"])
@requires(Action.WEBHOOKS_MANAGE)
def webhooks() -> ResponseReturnValue:
    return _webhooks(None)


@bp.route("/staff/organisations/<key>/webhooks", methods=["GET", "POST"])
@requires(Action.ORGANISATIONS_MANAGE)
def organisation_webhooks(key: str) -> ResponseReturnValue:
    return _webhooks(key)


def _webhooks(key: str | None) -> ResponseReturnValue:
    """The list and the form of one organisation; None: the viewer's own."""
    with read_session() as session:
        organisation = organisation_of(session, current_viewer(), Action.WEBHOOKS_MANAGE, key)
    form, made, refused = _form(), [], None
    if form.validate_on_submit():
        refused = shown(form, lambda: made.append(_add(form, key)))
        if made:
            webhook, secret = made[0]
            return _secret(organisation, webhook, secret, new=True)
    with read_session() as session:
        rows = query.webhooks(session, organisation.id)
    return answered("notifications/webhooks.html", form, refused, organisation=organisation, rows=rows)


def _form(webhook: Webhook | None = None) -> WebhookForm:
    """A new one begins with what nobody should miss."""
    offered = registry.offered_to_systems()
    form = WebhookForm(obj=webhook, data={"events": [event.code for event in offered if event.always]})
    form.events.choices = choices((event.code, _(event.label)) for event in offered)
    return form


def _checked(form: WebhookForm) -> service.Checked:
    _limit(CHECKS)
    data = WebhookData(form.name.data, form.url.data, form.events.data or ())
    return service.check(data, settings().webhook_networks)


def _add(form: WebhookForm, key: str | None) -> tuple[Webhook, str]:
    checked = _checked(form)
    with write_session() as session:
        return service.add(session, current_viewer(), key, checked)


def _secret(organisation: Organisation, webhook: Webhook, secret: str, *, new: bool) -> Response:
    values = {"organisation": organisation, "webhook": webhook, "secret": secret, "new": new}
    values["old_secret_until"] = service.old_secret_until(webhook)
    response = page("notifications/webhook_secret.html", None, **values)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.route("/webhooks/<key>", methods=["GET", "POST"])
@requires(Action.WEBHOOKS_MANAGE)
def webhook(key: str) -> ResponseReturnValue:
    """Its settings, and the log of its calls."""
    viewer = current_viewer()
    with read_session() as session:
        row, organisation = query.get_webhook(session, viewer, key)
        log = query.log(session, row.id, request.args.get("before"))
        adder = query.adder(session, row)
    form, refused = _form(row), None
    if form.validate_on_submit():
        refused = shown(form, partial(_edit, form, key))
        if refused is None:
            flash(_("Saved. It holds from the next call on."), "success")
            return redirect(url_for("notifications.webhook", key=key))
    labels = {code: event.label for code, event in registry.events.items()}
    values = {"organisation": organisation, "row": row, "log": log, "labels": labels, "adder": adder}
    values["old_secret_until"] = service.old_secret_until(row)
    return answered("notifications/webhook.html", form, refused, **values)


def _edit(form: WebhookForm, key: str) -> None:
    checked = _checked(form)
    with write_session() as session:
        service.edit(session, current_viewer(), key, checked)


@bp.post("/webhooks/<key>/<any(on, off, test):act>")
@requires(Action.WEBHOOKS_MANAGE)
def manage_webhook(key: str, act: str) -> ResponseReturnValue:
    viewer = current_viewer()
    with write_session() as session:
        if act == "test":
            service.test_call(session, viewer, key)
            _limit(TESTS)
            done = _("The test call is on its way; reload the page in a moment to see how it ended.")
        else:
            row = service.switch(session, viewer, key, act == "on")
            done = _("“%(name)s” is called again.", name=row.name)
            if act == "off":
                done = _("“%(name)s” is not called any more.", name=row.name)
    flash(done, "success")
    return redirect(url_for("notifications.webhook", key=key))


def _limit(limit: Limit) -> None:
    with counters_session() as counters:
        hit(counters, limit, current_viewer().person_id)


@bp.post("/webhooks/<key>/secret")
@requires(Action.WEBHOOKS_MANAGE)
def renew_secret(key: str) -> ResponseReturnValue:
    with write_session() as session:
        row, secret = service.renew_secret(session, current_viewer(), key)
        organisation = session.get_one(Organisation, row.organisation_id)
    return _secret(organisation, row, secret, new=False)


@bp.post("/webhooks/<key>/secret/end")
@requires(Action.WEBHOOKS_MANAGE)
def end_old_secret(key: str) -> ResponseReturnValue:
    with write_session() as session:
        service.end_old_secret(session, current_viewer(), key)
    flash(_("Only the new secret signs from now on."), "success")
    return redirect(url_for("notifications.webhook", key=key))


@bp.post("/webhooks/<key>/remove")
@requires(Action.WEBHOOKS_MANAGE)
def remove_webhook(key: str) -> ResponseReturnValue:
    with write_session() as session:
        row = service.remove(session, current_viewer(), key)
        organisation = session.get_one(Organisation, row.organisation_id)
    flash(_("“%(name)s” is removed.", name=row.name), "success")
    if current_viewer().is_staff:
        return redirect(url_for("notifications.organisation_webhooks", key=organisation.key))
    return redirect(url_for("notifications.webhooks"))


@bp.post("/webhooks/<key>/calls/<delivery>/retry")
@requires(Action.WEBHOOKS_MANAGE)
def retry_call(key: str, delivery: str) -> ResponseReturnValue:
    try:
        with write_session() as session:
            again = service.retry(session, current_viewer(), key, delivery)
            if again.notice_id is None:
                _limit(TESTS)
        flash(_("It will be tried again at once."), "success")
    except Conflict as error:
        flash(explain(error), "error")
    return redirect(url_for("notifications.webhook", key=key))
