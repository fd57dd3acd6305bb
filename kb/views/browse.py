"""Finding articles by where they stand: the shelves of products, categories and tags."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kb import queries
from kb.indexing import KIND_LABELS
from kb.queries import Branch, Order, Scope
from kb.views.blueprint import bp
from kb.views.present import facts_of, following_of, name_of
from sportello.web.access import current_viewer, public
from sportello.web.session import read_session

HOME_ITEMS = 6


@bp.get("")
@public
def browse() -> ResponseReturnValue:
    """Everything: products, categories, newest, most helpful."""
    viewer = current_viewer()
    with read_session() as session:
        voted = Scope(voted=True)
        helpful = queries.list_articles(session, viewer, voted, order=Order.HELPFUL, limit=HOME_ITEMS).items
        newest = queries.list_articles(session, viewer, limit=HOME_ITEMS).items
        return render_template(
            "kb/browse.html",
            products=queries.product_shelves(session, viewer),
            tree=_named(queries.category_tree(session, viewer)),
            count=queries.article_count(session, viewer),
            newest=newest,
            helpful=helpful,
            places=queries.places_of(session, viewer, [card.article_id for card in (*newest, *helpful)]),
        )


@bp.get("/all")
@public
def everything() -> ResponseReturnValue:
    """Every article, page by page."""
    with read_session() as session:
        count = queries.article_count(session, current_viewer())
        tree = queries.category_tree(session, current_viewer())
        return _list(session, Scope(), "everything", count=count, branches=tree)


@bp.get("/products/<code>")
@public
def product(code: str) -> ResponseReturnValue:
    """The articles of a product."""
    with read_session() as session:
        shelf = queries.product_shelf(session, current_viewer(), code)
        scope = Scope(product_id=shelf.id)
        tree = queries.category_tree(session, current_viewer(), scope)
        following = following_of(session, "product", code)
        return _list(session, scope, "product", name=shelf.name, count=shelf.count, branches=tree, following=following)


@bp.get("/categories/<code>")
@public
def category(code: str) -> ResponseReturnValue:
    """The articles of a category and of those under it."""
    with read_session() as session:
        tree = queries.category_tree(session, current_viewer())
        branch = queries.find_branch(tree, code)
        path = [(above.category.code, name_of(above.category)) for above in branch.path()[:-1]]
        beside = branch.children or (branch.parent.children if branch.parent else tree)
        scope = Scope(category_ids=branch.ids())
        return _list(
            session, scope, "category", name=name_of(branch.category), count=branch.count, branches=beside,
            code=code, path=path, following=following_of(session, "category", code),
        )  # fmt: skip


@bp.get("/tags/<path:tag>")
@public
def tag(tag: str) -> ResponseReturnValue:
    """The articles with a tag."""
    with read_session() as session:
        shelf = queries.tag_shelf(session, current_viewer(), tag)
        following = following_of(session, "tag", tag)
        return _list(session, Scope(tag=tag), "tag", name=tag, count=shelf.count, branches=(), following=following)


def _list(session: Session, scope: Scope, what: str, *, count: int, branches: Sequence[Branch], **more: Any) -> str:
    order = Order.HELPFUL if request.args.get("sort") == Order.HELPFUL else Order.NEWEST
    after = request.args.get("after")
    page = queries.list_articles(session, current_viewer(), scope, order=order, after=after)
    places = queries.places_of(session, current_viewer(), [card.article_id for card in page.items])
    arguments = {**(request.view_args or {}), **({"sort": order.value} if order is Order.HELPFUL else {})}
    following = url_for(request.endpoint or "", **arguments, after=page.after) if page.after else None
    return render_template(
        "kb/list.html",
        what=what,
        count=count,
        order=order.value,
        items=[(item, facts_of(item, places.get(item.article_id, ()))) for item in page.items],
        kinds=KIND_LABELS,
        first=url_for(request.endpoint or "", **arguments) if after else None,
        next=following,
        tree=_named(branches),
        **more,
    )


def _named(branches: Sequence[Branch]) -> list[dict[str, Any]]:
    """The tree with names in the reader's language."""
    return [
        {
            "code": branch.category.code,
            "name": name_of(branch.category),
            "count": branch.count,
            "children": _named(branch.children),
        }
        for branch in branches
    ]
