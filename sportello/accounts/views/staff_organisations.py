"""Staff pages of organisations."""

from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import login, queries
from sportello.accounts.forms import choices
from sportello.accounts.models import Organisation
from sportello.accounts.services import organisations as service
from sportello.accounts.services.organisations import OrganisationData
from sportello.accounts.staff_forms import OrganisationForm
from sportello.accounts.views.blueprints import page, staff, tried
from sportello.core import clock
from sportello.core.errors import SportelloError
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


@staff.get("/organisations")
@requires(Action.ORGANISATIONS_MANAGE)
def organisations() -> ResponseReturnValue:
    q, after = request.args.get("q", ""), request.args.get("after")
    with read_session() as session:
        found = queries.organisations(session, q, after)
    return render_template("staff/organisations.html", page=found, q=q, plans=login.plans(), today=clock.today())


def _form(organisation: Organisation | None = None) -> OrganisationForm:
    held = [product.code for product in organisation.products] if organisation else []
    form = OrganisationForm(obj=organisation, data={"coverage_start": clock.today()})
    if not form.is_submitted():
        form.products.data = held
    offered = [(plan.code, plan.name) for plan in login.plans().plans]
    if organisation and not login.plans().offers(organisation.plan):
        offered.insert(0, (organisation.plan, organisation.plan))
    form.plan.choices = choices(offered)
    with read_session() as session:
        form.products.choices = choices((p.code, p.name) for p in queries.all_products(session))
    return form


def _save(form: OrganisationForm, key: str | None) -> None:
    data = OrganisationData(
        name=form.name.data,
        plan=form.plan.data,
        coverage_start=form.coverage_start.data,
        coverage_end=form.coverage_end.data,
        products=form.products.data or (),
    )
    with write_session() as session:
        if key is None:
            service.create_organisation(session, current_viewer(), login.plans(), data)
        else:
            service.edit_organisation(session, current_viewer(), login.plans(), key, data)


@staff.route("/organisations/new", methods=["GET", "POST"])
@requires(Action.ORGANISATIONS_MANAGE)
def new_organisation() -> ResponseReturnValue:
    form = _form()
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, partial(_save, form, None))
        if refused is None:
            flash(_("%(name)s is created.", name=form.name.data))
            return redirect(url_for("staff.organisations"))
    return page("staff/organisation_form.html", refused, form=form, organisation=None, people=[])


@staff.route("/organisations/<key>", methods=["GET", "POST"])
@requires(Action.ORGANISATIONS_MANAGE)
def edit_organisation(key: str) -> ResponseReturnValue:
    with read_session() as session:
        organisation = queries.get_organisation(session, key)
        people = queries.colleagues(session, organisation.id)
    form = _form(organisation)
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, partial(_save, form, key))
        if refused is None:
            flash(_("Saved. It is effective from the next page that its people open."))
            return redirect(url_for("staff.edit_organisation", key=key))
    return page("staff/organisation_form.html", refused, form=form, organisation=organisation, people=people)
