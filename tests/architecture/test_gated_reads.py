"""A gated model is read through `visible_to` only: the guard refuses everything else, whatever the way in."""

import ast
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from kb.models import Article, ArticleTag, ArticleTranslation, Revision, SlugHistory
from sportello.core import audience
from sportello.core.audience import Gated
from sportello.core.db import Database, UngatedRead
from tests.architecture.source import modules, name, tree
from tests.factories.articles import make_article

WAYS_IN: dict[str, Callable[[Session], Any]] = {
    "select": lambda s: s.scalars(select(Article)).all(),
    "get": lambda s: s.get(Article, 1),
    "column": lambda s: s.scalars(select(ArticleTranslation.title)).all(),
    "count": lambda s: s.scalar(select(func.count()).select_from(Article)),
    "alias": lambda s: s.scalars(select(aliased(Revision))).all(),
    "column of an alias": lambda s: s.scalars(select(aliased(Revision).title)).all(),
    "exists": lambda s: s.scalar(select(exists().where(SlugHistory.slug == "x"))),
    "subquery": lambda s: s.scalars(select(ArticleTag).where(ArticleTag.article_id.in_(select(Article.id)))).all(),
    "join": lambda s: s.scalars(select(ArticleTag.tag).join(Article, Article.id == ArticleTag.article_id)).all(),
    "legacy query": lambda s: s.query(Article).all(),
    "scalar subquery": lambda s: s.scalar(select(select(func.count(Article.id)).scalar_subquery())),
    "union": lambda s: s.scalars(select(Article.id).union_all(select(Revision.id))).all(),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_the_guard_refuses_a_read_without_the_rule(database: Database, way: str) -> None:
    with database.read() as session, pytest.raises(UngatedRead):
        WAYS_IN[way](session)


SEEN = Article.visible_to(audience.anonymous(), Article.id)
INSIDE: dict[str, Callable[[Session], Any]] = {
    "in": lambda s: s.scalars(select(ArticleTag).where(ArticleTag.article_id.in_(SEEN))).all(),
    "exists": lambda s: s.scalars(
        select(ArticleTag).where(SEEN.where(Article.id == ArticleTag.article_id).correlate(ArticleTag).exists())
    ).all(),
    "subquery": lambda s: s.scalars(select(SEEN.subquery())).all(),
    "count": lambda s: s.scalar(select(func.count()).select_from(SEEN.subquery())),
    "union": lambda s: s.scalars(SEEN.union_all(SEEN)).all(),
}


@pytest.mark.parametrize("way", INSIDE)
def test_what_came_from_the_rule_may_stand_inside_another_statement(database: Database, way: str) -> None:
    with database.read() as session:
        assert not INSIDE[way](session)


def test_beside_what_came_from_the_rule_nothing_else_is_read(database: Database) -> None:
    joined = select(ArticleTag.tag).join(Article, Article.id == ArticleTag.article_id)
    loose: list[Any] = [
        joined.where(Article.id.in_(SEEN)),
        select(Article.key).where(Article.id.in_(SEEN)),
        select(ArticleTag.tag, select(func.count(Article.id)).scalar_subquery()).where(ArticleTag.article_id.in_(SEEN)),
        SEEN.union_all(select(Article.id)),
        select(aliased(Revision).title).where(exists(SEEN)),
    ]
    for statement in loose:
        with database.read() as session, pytest.raises(UngatedRead):
            session.execute(statement)


def test_the_guard_refuses_a_refresh_of_an_object(database: Database) -> None:
    with database.write() as session:
        make_article(session, "a", "staff")
        article = session.scalars(Article.visible_to(audience.system())).one()
        session.expire(article)
        with pytest.raises(UngatedRead):
            _ = article.kind


def _gated() -> list[type[Gated]]:
    def walk(cls: type[Gated]) -> list[type[Gated]]:
        return [found for sub in cls.__subclasses__() for found in (sub, *walk(sub))]

    return [cls for cls in walk(Gated) if "__table__" in cls.__dict__]


@pytest.mark.parametrize("model", _gated(), ids=lambda model: model.__name__)
def test_every_gated_model_answers_nothing_for_nobody(database: Database, model: type[Gated]) -> None:
    nobody = audience.Viewer(audiences=frozenset())
    with database.read() as session:
        assert session.scalars(model.visible_to(nobody)).all() == []
    statement = str(model.visible_to(nobody))
    assert "audience IN" in statement or "WHERE false" in statement  # writers only: for anybody else nothing at all


def test_nobody_sets_the_guards_option_but_the_rule_itself() -> None:
    """The option that opens the guard is written in core/audience.py and read in core/guard.py, nowhere else."""
    users = [
        name(path)
        for path in modules()
        if any(
            (isinstance(node, ast.Name) and node.id == "VISIBLE_TO")
            or (isinstance(node, ast.Constant) and node.value == "sportello_visible_to")
            for node in ast.walk(tree(path))
        )
    ]
    assert users == ["sportello/core/audience.py", "sportello/core/guard.py"]
