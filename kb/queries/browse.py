"""Products, categories and tags, each only where the viewer can read something in it, counted from just that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTag, Category, article_product
from kb.queries.kept import as_reader, listed
from kb.queries.lists import EVERYTHING, Scope, conditions
from kb.queries.remembered import remembered
from sportello.accounts.models import Product
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound


@dataclass(frozen=True)
class Shelf:
    """A product or a tag with the number of articles that the viewer may read in it."""

    code: str
    name: str
    count: int
    id: int = 0


class CategoryRow(NamedTuple):
    """A category: names by language code."""

    id: int
    code: str
    parent_id: int | None
    names: dict[str, str]


@dataclass
class Branch:
    """A category, the categories under it, and the number of readable articles in all of them."""

    category: CategoryRow
    count: int = 0
    children: list["Branch"] = field(default_factory=list)
    parent: "Branch | None" = None

    def ids(self) -> frozenset[int]:
        """The category and everything under it."""
        return frozenset({self.category.id}).union(*(child.ids() for child in self.children))

    def path(self) -> list["Branch"]:
        """From the root to this one."""
        return [*(self.parent.path() if self.parent else []), self]


@remembered
def product_shelves(session: Session, viewer: Viewer) -> Sequence[Shelf]:
    """Products in which the viewer can read something, by name. One statement."""
    return [Shelf(code, name, count, id) for id, code, name, count in session.execute(_product_shelves(viewer))]


@listed
def _product_shelves(viewer: Viewer) -> Select[Any]:
    return (
        Article.visible_to(viewer, Product.id, Product.code, Product.name, func.count())
        .join(article_product, article_product.c.article_id == Article.id)
        .join(Product, Product.id == article_product.c.product_id)
        .group_by(Product.id, Product.code, Product.name)
        .order_by(Product.name, Product.code)
    )


@remembered
def product_shelf(session: Session, viewer: Viewer, code: str) -> Shelf:
    """One product. Raises NotFound when it does not exist or holds nothing for this viewer. One statement."""
    statement = (
        Article.visible_to(as_reader(viewer), Product.id, Product.name, func.count())
        .join(article_product, article_product.c.article_id == Article.id)
        .join(Product, Product.id == article_product.c.product_id)
        .where(Product.code == code)
        .group_by(Product.id, Product.name)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return Shelf(code, row[1], row[2], row[0])


@remembered
def tag_shelf(session: Session, viewer: Viewer, tag: str) -> Shelf:
    """One tag. Raises NotFound when nothing that the viewer may read carries it. One statement."""
    statement = (
        Article.visible_to(as_reader(viewer), func.count())
        .join(ArticleTag, ArticleTag.article_id == Article.id)
        .where(ArticleTag.tag == tag)
    )
    if not (count := session.scalar(statement) or 0):
        raise NotFound
    return Shelf(tag, tag, count)


@remembered
def category_tree(session: Session, viewer: Viewer, scope: Scope = EVERYTHING) -> Sequence[Branch]:
    """The categories that hold something for this viewer (within `scope`), in order. Two statements."""
    counted = session.execute(_category_counts(viewer, scope.kind()), scope.values())
    counts = {row[0]: row[1] for row in counted}
    branches = {place.id: Branch(place, counts.get(place.id, 0)) for place in _places(session)}
    roots: list[Branch] = []
    for branch in branches.values():
        branch.parent = branches.get(branch.category.parent_id or 0)
        (branch.parent.children if branch.parent else roots).append(branch)
    return _with_content(roots)


@listed
def _category_counts(viewer: Viewer, kind: tuple[bool, bool, bool, bool]) -> Select[Any]:
    counts = Article.visible_to(viewer, Article.category_id, func.count())
    return counts.where(Article.category_id.is_not(None), *conditions(*kind)).group_by(Article.category_id)


_CATEGORIES = select(Category.id, Category.code, Category.parent_id, Category.names).order_by(
    Category.position, Category.code
)


def _places(session: Session) -> list[CategoryRow]:
    return [CategoryRow(*row) for row in session.execute(_CATEGORIES)]


def _with_content(branches: list[Branch]) -> list[Branch]:
    for branch in branches:
        branch.children = _with_content(branch.children)
        branch.count += sum(child.count for child in branch.children)
    return [branch for branch in branches if branch.count]


def find_branch(tree: Sequence[Branch], code: str) -> Branch:
    """The category `code` of the tree. Raises NotFound when it is not there."""
    for branch in tree:
        if branch.category.code == code:
            return branch
        try:
            return find_branch(branch.children, code)
        except NotFound:
            continue
    raise NotFound


def category_path(session: Session, viewer: Viewer, category_id: int | None) -> Sequence[CategoryRow]:
    """From the root to a category, for breadcrumbs. One statement, or none for no category."""
    return _path(session, viewer, category_id) if category_id is not None else ()


@remembered
def _path(session: Session, viewer: Viewer, category_id: int) -> Sequence[CategoryRow]:
    every = {place.id: place for place in _places(session)}
    path: list[CategoryRow] = []
    above = every.get(category_id)
    while above and above not in path:
        path.insert(0, above)
        above = every.get(above.parent_id or 0)
    return path


@remembered
def article_count(session: Session, viewer: Viewer) -> int:
    """Number of articles that the viewer may read."""
    return session.scalar(_article_count(viewer)) or 0


@listed
def _article_count(viewer: Viewer) -> Select[Any]:
    return Article.visible_to(viewer, func.count())
