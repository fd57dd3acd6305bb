"""How an article does: how often it is opened, whom it helped in which revision, which ones do badly. For writers."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation, ArticleViews, ArticleVote, Revision
from kb.queries.lists import in_best_language
from search_index.log import STAFF
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require

WEEKS = 26
RECENTLY = timedelta(days=90)
ENOUGH_VOTES = 3
UNHELPFUL = 60  # per cent of yes below which an article is listed
LOOKED_AT = 200


@dataclass(frozen=True)
class Week:
    """Openings in the week that begins on `monday` (UTC)."""

    monday: date
    readers: int = 0
    staff: int = 0


def views_by_week(session: Session, article_key: str, weeks: int = WEEKS) -> list[Week]:
    """The last `weeks` weeks, this one last, weeks without an opening included. Of the counters database."""
    this = clock.today() - timedelta(days=clock.today().weekday())
    first = this - timedelta(weeks=weeks - 1)
    counted = select(ArticleViews.day, ArticleViews.audience, ArticleViews.count)
    readers, staff = Counter[date](), Counter[date]()
    for day, audience, count in session.execute(
        counted.where(ArticleViews.article_key == article_key, ArticleViews.day >= first)
    ):
        (staff if audience == STAFF else readers)[day - timedelta(days=day.weekday())] += count
    mondays = (first + timedelta(weeks=number) for number in range(weeks))
    return [Week(monday, readers[monday], staff[monday]) for monday in mondays]


def views_by_audience(session: Session, article_key: str) -> list[tuple[str, int]]:
    """Openings in the last 90 days by class of reader, most first. Of the counters database."""
    total = func.sum(ArticleViews.count)
    recent = select(ArticleViews.audience, total).where(
        ArticleViews.article_key == article_key, ArticleViews.day > clock.today() - RECENTLY
    )
    rows = session.execute(recent.group_by(ArticleViews.audience).order_by(total.desc(), ArticleViews.audience))
    return [(audience, int(count)) for audience, count in rows]


@dataclass(frozen=True)
class Helpfulness:
    """Votes of those who read one revision of a language; `number` None: of unknown revisions."""

    language: str
    number: int | None
    created_at: datetime | None
    yes: int
    no: int

    @property
    def share(self) -> int:
        """Per cent of yes."""
        return round(100 * self.yes / (self.yes + self.no))


def votes_by_revision(session: Session, viewer: Viewer, article_id: int) -> list[Helpfulness]:
    """By language, newest revision first; votes that an import brought are in none. One statement."""
    require(viewer, Action.FEEDBACK_READ)
    yes = func.sum(case((ArticleVote.helpful, 1), else_=0))
    no = func.sum(case((ArticleVote.helpful, 0), else_=1))
    statement = (
        Article.visible_to(viewer, ArticleVote.language, Revision.number, Revision.created_at, yes, no)
        .join(ArticleVote, ArticleVote.article_id == Article.id)
        .outerjoin(Revision, Revision.id == ArticleVote.revision_id)
        .where(Article.id == article_id)
        .group_by(ArticleVote.language, Revision.number, Revision.created_at)
    )
    rows = [Helpfulness(*row) for row in session.execute(statement)]
    return sorted(rows, key=lambda row: (row.language, -(row.number or 0)))


@dataclass(frozen=True)
class Poor:
    """An article that is read much and helps few. `views`: in the last 90 days."""

    slug: str
    language: str
    title: str
    yes: int
    no: int
    views: int

    @property
    def share(self) -> int:
        return round(100 * self.yes / (self.yes + self.no))


def worst(session: Session, counters: Session, viewer: Viewer, limit: int = 5) -> Sequence[Poor]:
    """Most openings that did not help first: openings times the share of no. Two statements."""
    require(viewer, Action.FEEDBACK_READ)
    votes = Article.votes_yes + Article.votes_no
    statement = (
        ArticleTranslation.visible_to(
            viewer, Article.key, ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title,
            Article.votes_yes, Article.votes_no,
        )
        .where(in_best_language(viewer), Article.published_at.is_not(None))
        .where(votes >= ENOUGH_VOTES, Article.votes_yes * 100 < votes * UNHELPFUL)
        .order_by(Article.votes_no.desc(), ArticleTranslation.slug)
        .limit(LOOKED_AT)
    )  # fmt: skip
    rows = session.execute(statement).all()
    views = _views(counters, [row[0] for row in rows])
    found = [
        Poor(slug, language, title, yes, no, views[key]) for key, slug, language, title, yes, no in rows if views[key]
    ]
    return sorted(found, key=lambda poor: (poor.views * (poor.share - 100), poor.slug))[:limit]


def _views(counters: Session, keys: Collection[str]) -> Counter[str]:
    if not keys:
        return Counter()
    recent = ArticleViews.day > clock.today() - RECENTLY
    counted = select(ArticleViews.article_key, func.sum(ArticleViews.count)).where(
        recent, ArticleViews.audience != STAFF, ArticleViews.article_key.in_(keys)
    )
    rows = counters.execute(counted.group_by(ArticleViews.article_key))
    return Counter({key: int(count) for key, count in rows})
