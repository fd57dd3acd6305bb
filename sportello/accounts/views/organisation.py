"""The organisation page: what it holds, for its people; and its colleagues, for company contacts to manage."""

from functools import partial

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import login, queries
from sportello.accounts.forms import InviteForm
from sportello.accounts.services import people
from sportello.accounts.views.blueprints import bp, limit_mails, page, tried
from sportello.core import clock
from sportello.core.errors import Conflict, NotFound, SportelloError
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer, requires, signed_in
from sportello.web.i18n import current_language, explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

INVITATIONS = 50  # a day and person: enough to bring a company in, too few to pester the world


def _organisation(form: InviteForm, refused: SportelloError | None = None) -> ResponseReturnValue:
    viewer = current_viewer()
    manages = allows(viewer, Action.COLLEAGUES_MANAGE)
    with read_session() as session:
        organisation = queries.own_organisation(session, viewer.organisation_id)
        colleagues = queries.colleagues(session, organisation.id)
    return page(
        "accounts/organisation.html",
        refused,
        form=form,
        organisation=organisation,
        colleagues=colleagues if manages else [c for c in colleagues if c.active],
        manages=manages,
        covered=organisation.covered_on(clock.today()),
        not_begun=organisation.coverage_start > clock.today(),
        plan_name=login.plans().name(organisation.plan),
    )


@bp.get("/organisation")
@signed_in
def organisation() -> ResponseReturnValue:
    return _organisation(InviteForm(None, data={"language": current_language()}))


@bp.post("/organisation/invite")
@requires(Action.COLLEAGUES_MANAGE)
def invite_colleague() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate():
        return _organisation(form)
    if refused := tried(form, partial(_invite, form)):
        return _organisation(form, refused)
    flash(_("%(name)s gets a mail with a link to choose a password.", name=form.name.data))
    return redirect(url_for("accounts.organisation"))


def _invite(form: InviteForm) -> None:
    limit_mails("invitation", INVITATIONS)
    with write_session() as session:
        people.invite_colleague(session, current_viewer(), form.email.data, form.name.data, form.language.data)


@bp.post("/organisation/people/<key>/<any(deactivate, activate, contact, customer, invite):act>")
@requires(Action.COLLEAGUES_MANAGE)
def manage_colleague(key: str, act: str) -> ResponseReturnValue:
    viewer = current_viewer()
    if viewer.organisation_id is None:
        raise NotFound
    try:
        with write_session() as session:
            if act == "deactivate":
                person = people.deactivate(session, viewer, key)
                done = _("%(name)s is signed out everywhere and cannot sign in any more.", name=person.name)
            elif act == "activate":
                person = people.activate(session, viewer, key)
                done = _("%(name)s can sign in again.", name=person.name)
            elif act == "invite":
                limit_mails("invitation", INVITATIONS)
                person = people.invite_again(session, viewer, key)
                done = _("%(name)s gets a mail with a link to choose a password.", name=person.name)
            else:
                person = people.set_contact(session, viewer, key, act == "contact")
                done = _("%(name)s is a contact now.", name=person.name)
                if act == "customer":
                    done = _("%(name)s is no longer a contact.", name=person.name)
        flash(done)
    except Conflict as error:
        flash(explain(error), "error")
    return redirect(url_for("accounts.organisation"))
