"""Product lines and their versions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts import queries
from sportello.accounts.models import Product, ProductVersion
from sportello.accounts.services import audit
from sportello.accounts.services.check import check_code, check_name
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require


def create_product(session: Session, actor: Viewer, code: str, name: str, versions: Sequence[str] = ()) -> Product:
    """A new product line; `versions` oldest first. The code stands in audience keys and never changes."""
    require(actor, Action.PRODUCTS_MANAGE)
    code = check_code(code.strip())
    if session.scalar(select(Product.id).where(Product.code == code)):
        raise Invalid(N_("There is a product “%(code)s” already."), field="code", code=code)
    product = Product(code=code, name=check_name(name), versions=[])
    _set_versions(product, versions)
    session.add(product)
    session.flush()
    audit.record(session, actor, "product.created", product.code, {}, snapshot(product))
    return product


def edit_product(session: Session, actor: Viewer, code: str, name: str, versions: Sequence[str]) -> Product:
    """Rename a product and set its versions, oldest first; a version that is left out is removed from articles."""
    require(actor, Action.PRODUCTS_MANAGE)
    product = queries.get_product(session, code)
    before = snapshot(product)
    product.name = check_name(name)
    _set_versions(product, versions)
    session.flush()
    audit.record(session, actor, "product.edited", product.code, before, snapshot(product))
    return product


def snapshot(product: Product) -> dict[str, Any]:
    """What the audit log compares."""
    ordered = sorted(product.versions, key=lambda version: version.position)
    return {"name": product.name, "versions": [version.name for version in ordered]}


def _set_versions(product: Product, names: Sequence[str]) -> None:
    wanted = [check_name(name, "versions", 40) for name in names if name.strip()]
    if twice := [name for name in wanted if wanted.count(name) > 1]:
        raise Invalid(N_("Version “%(name)s” stands there twice."), field="versions", name=twice[0])
    known = {version.name: version for version in product.versions}
    for position, name in enumerate(wanted):
        version = known.get(name)
        if version is None:
            product.versions.append(ProductVersion(name=name, position=position))
        else:
            version.position = position
    for name, version in known.items():
        if name not in wanted:
            product.versions.remove(version)
