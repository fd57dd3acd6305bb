"""Staff pages of product lines."""

from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts import queries
from sportello.accounts.services import products as service
from sportello.accounts.staff_forms import NewProductForm, ProductForm
from sportello.accounts.views.blueprints import page, staff, tried
from sportello.core.errors import SportelloError
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


@staff.get("/products")
@requires(Action.PRODUCTS_MANAGE)
def products() -> ResponseReturnValue:
    with read_session() as session:
        rows = queries.all_products(session)
    return render_template("staff/products.html", rows=rows)


def _create(form: NewProductForm) -> None:
    with write_session() as session:
        service.create_product(session, current_viewer(), form.code.data, form.name.data, form.version_names())


def _edit(form: ProductForm, code: str) -> None:
    with write_session() as session:
        service.edit_product(session, current_viewer(), code, form.name.data, form.version_names())


@staff.route("/products/new", methods=["GET", "POST"])
@requires(Action.PRODUCTS_MANAGE)
def new_product() -> ResponseReturnValue:
    form = NewProductForm()
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, partial(_create, form))
        if refused is None:
            flash(_("%(name)s is created.", name=form.name.data))
            return redirect(url_for("staff.products"))
    return page("staff/product_form.html", refused, form=form, product=None)


@staff.route("/products/<code>", methods=["GET", "POST"])
@requires(Action.PRODUCTS_MANAGE)
def edit_product(code: str) -> ResponseReturnValue:
    with read_session() as session:
        product = queries.get_product(session, code)
    form = ProductForm(data={"name": product.name, "versions": "\n".join(v.name for v in product.versions)})
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, partial(_edit, form, code))
        if refused is None:
            flash(_("Saved."))
            return redirect(url_for("staff.products"))
    return page("staff/product_form.html", refused, form=form, product=product)
