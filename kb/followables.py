"""What of the knowledge base can be followed, each only by who can read something in it."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTag, ArticleTranslation
from kb.queries.browse import category_tree, product_shelves
from kb.queries.kept import as_reader
from kb.queries.remembered import remembered
from kb.subjects import ARTICLE
from sportello.accounts.models import Product
from sportello.core.audience import Viewer
from sportello.core.errors import N_
from sportello.core.types import Ref
from sportello.notifications.registry import Topic


class Products:
    """Products: those in which the viewer can read something, and those that they license."""

    kind, label, plural = "product", N_("Product"), N_("Products")

    def topics(self, session: Session, viewer: Viewer, keys: Collection[str]) -> dict[str, Topic]:
        shelves = {shelf.code for shelf in product_shelves(session, viewer)}
        known = sorted(code for code in set(keys) if code in shelves or code in viewer.products)
        rows = session.execute(select(Product.code, Product.name).where(Product.code.in_(known))) if known else ()
        paths = {code: f"/kb/products/{code}" if code in shelves else "" for code in known}
        return {code: Topic(Ref(self.kind, code), {"": name}, paths[code]) for code, name in rows}


class Categories:
    """Categories in which, or under which, the viewer can read something."""

    kind, label, plural = "category", N_("Category"), N_("Categories")

    def topics(self, session: Session, viewer: Viewer, keys: Collection[str]) -> dict[str, Topic]:
        found: dict[str, Topic] = {}
        ahead = list(category_tree(session, viewer)) if keys else []
        while ahead:
            branch = ahead.pop()
            ahead.extend(branch.children)
            code = branch.category.code
            if code in keys:
                found[code] = Topic(Ref(self.kind, code), branch.category.names or {"": code}, f"/kb/categories/{code}")
        return found


class Tags:
    """Tags that something carries which the viewer can read."""

    kind, label, plural = "tag", N_("Tag"), N_("Tags")

    def topics(self, session: Session, viewer: Viewer, keys: Collection[str]) -> dict[str, Topic]:
        tags = _tags(session, as_reader(viewer), tuple(sorted(set(keys))))
        return {tag: Topic(Ref(self.kind, tag), {"": tag}, f"/kb/tags/{tag}") for tag in tags}


class Articles:
    """Articles that the viewer can read."""

    kind, label, plural = ARTICLE, N_("Article"), N_("Articles")

    def topics(self, session: Session, viewer: Viewer, keys: Collection[str]) -> dict[str, Topic]:
        names: dict[str, dict[str, str]] = {}
        slugs: dict[str, dict[str, str]] = {}
        for key, language, title, slug in _texts(session, as_reader(viewer), tuple(sorted(set(keys)))):
            names.setdefault(key, {})[language] = title
            slugs.setdefault(key, {})[language] = slug
        return {key: self._topic(viewer, key, names[key], slugs[key]) for key in names}

    def _topic(self, viewer: Viewer, key: str, names: Mapping[str, str], slugs: Mapping[str, str]) -> Topic:
        slug = slugs.get(viewer.language) or next(iter(slugs.values()))
        return Topic(Ref(self.kind, key), names, f"/kb/{slug}")


@remembered
def _tags(session: Session, viewer: Viewer, keys: tuple[str, ...]) -> list[str]:
    tags = Article.visible_to(viewer, ArticleTag.tag)
    tags = tags.join(ArticleTag, ArticleTag.article_id == Article.id).where(ArticleTag.tag.in_(keys))
    return list(session.scalars(tags.distinct()))


@remembered
def _texts(session: Session, viewer: Viewer, keys: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """Key, language, title and slug of everything that can be read in those articles."""
    columns = (Article.key, ArticleTranslation.language, ArticleTranslation.title, ArticleTranslation.slug)
    rows = ArticleTranslation.visible_to(viewer, *columns).where(Article.key.in_(keys))
    ordered = session.execute(rows.order_by(ArticleTranslation.language))
    return [(key, language, title, slug) for key, language, title, slug in ordered]
