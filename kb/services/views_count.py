"""Counting how often articles are opened: by day and class of reader, never by person."""

from datetime import date, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from kb.models import ArticleViews
from sportello.core import clock
from sportello.core.bulk import insert_into

KEPT_FOR = timedelta(days=730)


def count_view(session: Session, article_key: str, audience: str, *, number: int = 1, day: date | None = None) -> None:
    """Count openings on a day (default: one, today), in the counters database: one statement."""
    statement = insert_into(session, ArticleViews).values(
        article_key=article_key, day=day or clock.today(), audience=audience, count=number
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[ArticleViews.article_key, ArticleViews.day, ArticleViews.audience],
            set_={"count": ArticleViews.count + number},
        )
    )


def purge_views(session: Session) -> int:
    """Remove what is older than two years; returns how many rows."""
    result = session.execute(delete(ArticleViews).where(ArticleViews.day < clock.today() - KEPT_FOR))
    return int(result.rowcount)  # type: ignore[attr-defined]
