"""What tests of imports share: records, and what became of them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from kb.importer import Report
from kb.models import Article, ArticleTranslation
from kb.queries import read_markdown
from sportello.core.db import Database
from tests.kb.articles import SYSTEM

Importer = Callable[..., Report]


def record(id: str = "a/one", **more: Any) -> dict[str, Any]:
    return {"id": id, "title": f"Title of {id}", "body_markdown": f"Text of {id}.", "lang": "en", **more}


def found(session: Session, source_id: str) -> ArticleTranslation:
    statement = ArticleTranslation.visible_to(SYSTEM, ArticleTranslation).where(Article.source_id == source_id)
    (row,) = session.scalars(statement)
    return row


def article(session: Session, source_id: str) -> Article:
    return session.scalars(Article.visible_to(SYSTEM).where(Article.source_id == source_id)).one()


def markdown(database: Database, source_id: str) -> str:
    with database.read() as session:
        return read_markdown(session, SYSTEM, found(session, source_id).slug)[1]
