"""Staff pages of people."""

from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import queries
from sportello.accounts.forms import choices
from sportello.accounts.models import Person
from sportello.accounts.services import people as service
from sportello.accounts.services.people import PersonData
from sportello.accounts.staff_forms import ROLE_NAMES, PersonForm
from sportello.accounts.views.blueprints import page, staff, tried
from sportello.accounts.views.settings import timezones
from sportello.core.errors import Conflict, SportelloError
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, settings, write_session


@staff.get("/people")
@requires(Action.PEOPLE_MANAGE)
def people() -> ResponseReturnValue:
    q, after = request.args.get("q", ""), request.args.get("after")
    with read_session() as session:
        found = queries.people(session, q, after)
    return render_template("staff/people.html", page=found, q=q, role_names=ROLE_NAMES)


def _form(person: Person | None = None) -> PersonForm:
    defaults = {
        "timezone": settings().default_timezone,
        "language": settings().default_language,
        "organisation": request.args.get("organisation", ""),
        "roles": ["customer"],
    }
    if person is not None:
        defaults = {
            "email": person.email,
            "name": person.name,
            "timezone": person.timezone,
            "language": person.language,
            "organisation": person.organisation.key if person.organisation else "",
            "roles": sorted(person.roles),
        }
    form = PersonForm(data=defaults)
    with read_session() as session:
        form.organisation.choices = choices([("", _("None: staff")), *queries.organisation_choices(session)])
    return form


def _data(form: PersonForm) -> PersonData:
    return PersonData(
        email=form.email.data,
        name=form.name.data,
        roles=form.roles.data or (),
        organisation=form.organisation.data or None,
        language=form.language.data,
        timezone=form.timezone.data,
    )


def _create(form: PersonForm) -> None:
    with write_session() as session:
        service.create_person(session, current_viewer(), _data(form))


def _edit(form: PersonForm, key: str) -> None:
    with write_session() as session:
        service.edit_person(session, current_viewer(), key, _data(form))


@staff.route("/people/new", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def new_person() -> ResponseReturnValue:
    form = _form()
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, partial(_create, form))
        if refused is None:
            flash(_("%(name)s gets a mail with a link to choose a password.", name=form.name.data))
            return redirect(url_for("staff.people"))
    return page("staff/person_form.html", refused, form=form, person=None, timezones=timezones())


@staff.route("/people/<key>", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def edit_person(key: str) -> ResponseReturnValue:
    with read_session() as session:
        person = queries.get_person(session, key)
    form = _form(person)
    refused: SportelloError | None = None
    if form.validate_on_submit():
        try:
            refused = tried(form, partial(_edit, form, key))
        except Conflict as error:
            refused = error
            form.form_errors.append(explain(error))
        if refused is None:
            flash(_("Saved. It is effective from the next page that they open."))
            return redirect(url_for("staff.edit_person", key=key))
    return page("staff/person_form.html", refused, form=form, person=person, timezones=timezones())


@staff.post("/people/<key>/<any(deactivate, activate, invite):act>")
@requires(Action.PEOPLE_MANAGE)
def manage_person(key: str, act: str) -> ResponseReturnValue:
    verbs = {"deactivate": service.deactivate, "activate": service.activate, "invite": service.invite_again}
    done = {
        "deactivate": _("The account is closed: nobody can sign in with it. You can open it again here."),
        "activate": _("The account is open again."),
        "invite": _("The invitation is on its way."),
    }
    _run(partial(verbs[act], key=key), done[act])
    return redirect(url_for("staff.edit_person", key=key))


@staff.post("/people/<key>/second-factor/remove")
@requires(Action.PEOPLE_MANAGE)
def remove_second_factor(key: str) -> ResponseReturnValue:
    _run(partial(service.remove_second_factor, key=key), _("The second factor is removed, all sessions are ended."))
    return redirect(url_for("staff.edit_person", key=key))


def _run(verb: partial[Person], done: str) -> None:
    try:
        with write_session() as session:
            verb(session, current_viewer())
        flash(done)
    except Conflict as error:
        flash(explain(error), "error")
