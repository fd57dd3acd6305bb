"""Who would read an article of some audience: the choices there are, and how many organisations each one means."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Product, organisation_product
from sportello.accounts.plans import Plans
from sportello.core import clock
from sportello.core.audience import PUBLIC, STAFF, Viewer
from sportello.core.policy import Action, require


@dataclass(frozen=True)
class Readers:
    """An audience key in parts. `plans`: names of the plans that read it, lowest first; `count`: organisations that
    are covered today and read it, None where everybody or only staff does."""

    key: str
    plans: tuple[str, ...] = ()
    product: str = ""
    organisation: str = ""
    count: int | None = None


@dataclass(frozen=True)
class Named:
    """Code or key, and the name that people know."""

    code: str
    name: str


def readers_of(session: Session, actor: Viewer, key: str, plans: Plans) -> Readers:
    """What `key` means today; without plans and organisation for a key that this site does not have.

    Raises Forbidden.
    """
    require(actor, Action.ARTICLE_DRAFT)
    if key in (PUBLIC, STAFF):
        return Readers(key)
    if key.startswith("org:"):
        return _one_organisation(session, key)
    code, _, product = key.partition("@")
    if code not in plans.ladder:
        return Readers(key)
    held = plans.ladder[plans.ladder.index(code) :]
    names = tuple(plans.name(plan) for plan in held)
    covered = select(func.count(Organisation.id.distinct())).where(Organisation.plan.in_(held), *_covered_today())
    if not product:
        return Readers(key, names, count=session.scalar(covered) or 0)
    licensed = (
        covered.join(organisation_product, organisation_product.c.organisation_id == Organisation.id)
        .join(Product, Product.id == organisation_product.c.product_id)
        .where(Product.code == product)
    )
    name = session.scalar(select(Product.name).where(Product.code == product)) or product
    return Readers(key, names, name, count=session.scalar(licensed) or 0)


def _one_organisation(session: Session, key: str) -> Readers:
    row = session.execute(
        select(Organisation.name, Organisation.coverage_start, Organisation.coverage_end).where(
            Organisation.key == key.removeprefix("org:")
        )
    ).one_or_none()
    if row is None:
        return Readers(key)
    covered = row.coverage_start <= clock.today() <= row.coverage_end
    return Readers(key, organisation=row.name, count=int(covered))


def _covered_today() -> tuple[ColumnElement[bool], ...]:
    today = clock.today()
    return (Organisation.coverage_start <= today, Organisation.coverage_end >= today)


def products_by_name(session: Session) -> Sequence[Named]:
    """Every product."""
    return [Named(*row) for row in session.execute(select(Product.code, Product.name).order_by(Product.name))]


def organisations_by_name(session: Session, actor: Viewer) -> Sequence[Named]:
    """Every organisation, for those who write. Raises Forbidden."""
    require(actor, Action.ARTICLE_DRAFT)
    rows = session.execute(select(Organisation.key, Organisation.name).order_by(Organisation.name, Organisation.key))
    return [Named(*row) for row in rows]
