"""Products, categories and tags, each only where the viewer can read something in it, counted from just that."""

from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTag, Category, article_product
from kb.queries.lists import Scope
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


@dataclass
class Branch:
    """A category, the categories under it, and the number of readable articles in all of them."""

    category: Category
    count: int = 0
    children: list["Branch"] = field(default_factory=list)
    parent: "Branch | None" = None

    def ids(self) -> frozenset[int]:
        """The category and everything under it."""
        return frozenset({self.category.id}).union(*(child.ids() for child in self.children))

    def path(self) -> list["Branch"]:
        """From the root to this one."""
        return [*(self.parent.path() if self.parent else []), self]


def product_shelves(session: Session, viewer: Viewer) -> list[Shelf]:
    """Products in which the viewer can read something, by name. One statement."""
    statement = (
        Article.visible_to(viewer, Product.id, Product.code, Product.name, func.count())
        .join(article_product, article_product.c.article_id == Article.id)
        .join(Product, Product.id == article_product.c.product_id)
        .group_by(Product.id, Product.code, Product.name)
        .order_by(Product.name, Product.code)
    )
    return [Shelf(code, name, count, id) for id, code, name, count in session.execute(statement)]


def product_shelf(session: Session, viewer: Viewer, code: str) -> Shelf:
    """One product. Raises NotFound when it does not exist or holds nothing for this viewer. One statement."""
    statement = (
        Article.visible_to(viewer, Product.id, Product.name, func.count())
        .join(article_product, article_product.c.article_id == Article.id)
        .join(Product, Product.id == article_product.c.product_id)
        .where(Product.code == code)
        .group_by(Product.id, Product.name)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return Shelf(code, row[1], row[2], row[0])


def tag_shelf(session: Session, viewer: Viewer, tag: str) -> Shelf:
    """One tag. Raises NotFound when nothing that the viewer may read carries it. One statement."""
    statement = (
        Article.visible_to(viewer, func.count())
        .join(ArticleTag, ArticleTag.article_id == Article.id)
        .where(ArticleTag.tag == tag)
    )
    if not (count := session.scalar(statement) or 0):
        raise NotFound
    return Shelf(tag, tag, count)


def category_tree(session: Session, viewer: Viewer, scope: Scope | None = None) -> list[Branch]:
    """The categories that hold something for this viewer (within `scope`), in order. Two statements."""
    statement = Article.visible_to(viewer, Article.category_id, func.count()).where(
        Article.category_id.is_not(None), *(scope.conditions() if scope else [])
    )
    counts = {row[0]: row[1] for row in session.execute(statement.group_by(Article.category_id))}
    branches = {
        category.id: Branch(category, counts.get(category.id, 0))
        for category in session.scalars(select(Category).order_by(Category.position, Category.code))
    }
    roots: list[Branch] = []
    for branch in branches.values():
        branch.parent = branches.get(branch.category.parent_id or 0)
        (branch.parent.children if branch.parent else roots).append(branch)
    return _with_content(roots)


def _with_content(branches: list[Branch]) -> list[Branch]:
    for branch in branches:
        branch.children = _with_content(branch.children)
        branch.count += sum(child.count for child in branch.children)
    return [branch for branch in branches if branch.count]


def find_branch(tree: list[Branch], code: str) -> Branch:
    """The category `code` of the tree. Raises NotFound when it is not there."""
    for branch in tree:
        if branch.category.code == code:
            return branch
        try:
            return find_branch(branch.children, code)
        except NotFound:
            continue
    raise NotFound


def category_path(session: Session, category: Category | None) -> list[Category]:
    """From the root to `category`, for breadcrumbs. One statement for a nested one, else none."""
    if category is None or category.parent_id is None:
        return [category] if category else []
    every = {row.id: row for row in session.scalars(select(Category))}
    path = [category]
    while (parent := every.get(path[0].parent_id or 0)) and parent not in path:
        path.insert(0, parent)
    return path


def article_count(session: Session, viewer: Viewer) -> int:
    """Number of articles that the viewer may read."""
    return session.scalar(Article.visible_to(viewer, func.count())) or 0
