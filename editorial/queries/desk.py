"""What the editor offers to choose from: products with versions, categories, owners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kb.models import Category
from sportello.accounts.models import Product
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require


@dataclass(frozen=True)
class ProductChoice:
    """A product and its versions, newest first, as settings write them ("ledger 15.1")."""

    code: str
    name: str
    versions: tuple[tuple[str, str], ...]  # (as written, as shown)


@dataclass(frozen=True)
class CategoryChoice:
    """A place in the tree; `depth` 0 is the top."""

    code: str
    names: Mapping[str, str]
    depth: int


def product_choices(session: Session, actor: Viewer) -> Sequence[ProductChoice]:
    """Every product. Two statements. Raises Forbidden."""
    require(actor, Action.ARTICLE_DRAFT)
    products = session.scalars(select(Product).options(selectinload(Product.versions)).order_by(Product.name))
    return [
        ProductChoice(
            product.code,
            product.name,
            tuple((f"{product.code} {version.name}", version.name) for version in reversed(product.versions)),
        )
        for product in products
    ]


def category_choices(session: Session, actor: Viewer) -> Sequence[CategoryChoice]:
    """The whole tree, each category before those under it. Raises Forbidden."""
    require(actor, Action.ARTICLE_DRAFT)
    columns = select(Category.id, Category.parent_id, Category.code, Category.names)
    rows = session.execute(columns.order_by(Category.position, Category.code)).all()
    known = {row.id for row in rows}
    found: list[CategoryChoice] = []
    waiting = [(row, 0) for row in reversed(rows) if row.parent_id not in known]
    seen: set[int] = set()
    while waiting:
        row, depth = waiting.pop()
        if row.id in seen:
            continue
        seen.add(row.id)
        found.append(CategoryChoice(row.code, row.names, depth))
        waiting += [(child, depth + 1) for child in reversed(rows) if child.parent_id == row.id]
    return found
