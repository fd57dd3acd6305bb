"""Keeping articles true: who answers for one, how long a look at it lasts, and that somebody has looked.

`Article.verify_due_at` follows from the last look and the interval; `reckon` is the one place that says how.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kb.events import ArticleChanged
from kb.models import Article, Confidence
from kb.queries.articles import get_article
from sportello.accounts.models import Person
from sportello.core import clock, outbox
from sportello.core.audience import WRITING_ROLES, Viewer, system
from sportello.core.db import Database
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require

DAYS = 365  # how long a look lasts where neither the article nor the settings say otherwise
SHORTEST, LONGEST = 1, 3650  # days
BATCH = 500


def due_at(since: datetime, verify_days: int | None, days: int) -> datetime | None:
    """When a look at `since` has aged: after the article's own interval, else after `days` (0: never)."""
    lasts = verify_days or days
    return since + timedelta(days=lasts) if lasts else None


def reckon(article: Article, days: int = DAYS) -> None:
    """Set when the article is due: an interval after the last look, or after it came here if nobody has looked."""
    article.verify_due_at = due_at(article.verified_at or article.created_at, article.verify_days, days)


def wrong_due_dates(session: Session, days: int = DAYS) -> list[dict[str, Any]]:
    """Articles (id, verify_due_at) whose due date differs from what `reckon` says: the setting changed."""
    columns = (Article.id, Article.verified_at, Article.created_at, Article.verify_days, Article.verify_due_at)
    return [
        {"id": row.id, "verify_due_at": due}
        for row in session.execute(Article.visible_to(system(), *columns))
        if (due := due_at(row.verified_at or row.created_at, row.verify_days, days)) != row.verify_due_at
    ]


def reckon_all(database: Database, days: int = DAYS) -> int:
    """Put right every due date that is wrong, in batches; returns how many. Writes only if there is one."""
    with database.read() as session:
        wrong = wrong_due_dates(session, days)
    for start in range(0, len(wrong), BATCH):
        with database.write() as session:
            session.execute(update(Article), wrong[start : start + BATCH])
    return len(wrong)


def verify(session: Session, actor: Viewer, slug: str, *, days: int = DAYS) -> Article:
    """“Still correct”: somebody who knows has looked at it now. Raises NotFound, Forbidden."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_VERIFY, article)
    article.verified_at = clock.now()
    reckon(article, days)
    outbox.emit(session, ArticleChanged(article.key))
    return article


def set_owner(session: Session, actor: Viewer, slug: str, person_key: str | None) -> Article:
    """Who answers for the article; None: nobody. Raises NotFound, Forbidden, Invalid (not an active writer)."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_VERIFY, article)
    article.owner_id = _writer(session, person_key) if person_key else None
    article.edited_here = True
    return article


def _writer(session: Session, key: str) -> int:
    person = session.scalar(select(Person).where(Person.key == key, Person.active))
    if person is None or not person.roles & WRITING_ROLES:
        raise Invalid(N_("The owner must be somebody of the staff who writes articles."), field="owner")
    return person.id


def set_interval(session: Session, actor: Viewer, slug: str, verify_days: int | None, *, days: int = DAYS) -> Article:
    """How long a look lasts, in days; None: as long as the site says. Raises NotFound, Forbidden, Invalid."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_VERIFY, article)
    if verify_days is not None and not SHORTEST <= verify_days <= LONGEST:
        raise Invalid(
            N_("Give the interval in days, from %(least)s to %(most)s."), field="verify_days",
            least=SHORTEST, most=LONGEST,
        )  # fmt: skip
    article.verify_days = verify_days
    article.edited_here = True
    reckon(article, days)
    outbox.emit(session, ArticleChanged(article.key))
    return article


def set_confidence(session: Session, actor: Viewer, slug: str, confidence: Confidence) -> Article:
    """How far the article may be trusted, as its readers are told. Raises NotFound, Forbidden."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_PUBLISH, article)
    article.confidence = confidence
    article.edited_here = True
    outbox.emit(session, ArticleChanged(article.key))
    return article
