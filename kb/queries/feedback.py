"""What readers wrote to the editors: comments beside their votes, and reports of problems. For writers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, null, select
from sqlalchemy.orm import Session, aliased

from kb.models import Article, ArticleTranslation, ArticleVote, ProblemReport, Revision, article_product
from sportello.accounts.models import Person, Product
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require

PAGE = 30
COMMENT, REPORT = "comment", "report"


@dataclass(frozen=True)
class Asked:
    """Which feedback: `what` "comment", "report" or "" (both), `helpful` "yes", "no" or "" (any), `product` a code.

    `article_id`: of one article, handled or not.
    """

    what: str = ""
    helpful: str = ""
    product: str = ""
    handled: bool = False
    after: str = ""
    article_id: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One comment or report. A report is named by `key`, a comment by `article_key` and `person_key`."""

    what: str
    key: str | None
    article_key: str
    slug: str
    language: str
    title: str
    person: str | None
    person_key: str | None
    helpful: bool | None
    text: str
    quote: str
    at: datetime
    revision: int | None
    is_current: bool
    handled_at: datetime | None
    handled_by: str | None


@dataclass(frozen=True)
class Page:
    """The newest first, and where they go on."""

    items: Sequence[Item]
    after: str | None = None


def feedback(session: Session, viewer: Viewer, asked: Asked) -> Page:
    """Comments and reports together. Two statements at most. Raises Forbidden, Invalid."""
    require(viewer, Action.FEEDBACK_READ)
    before = _moment(asked.after) if asked.after else None
    items: list[Item] = []
    if asked.what != REPORT:
        items += _items(session, _comments(viewer, asked), asked, ArticleVote, before)
    if asked.what != COMMENT and not asked.helpful:
        items += _items(session, _reports(viewer), asked, ProblemReport, before)
    items.sort(key=lambda item: item.at, reverse=True)
    more = len(items) > PAGE
    return Page(items[:PAGE], f"{items[PAGE - 1].at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}" if more else None)


def open_count(session: Session, viewer: Viewer) -> int:
    """How many comments and reports nobody has dealt with yet."""
    asked = Asked()
    comments = _comments(viewer, asked).where(*_conditions(asked, ArticleVote))
    reports = _reports(viewer).where(*_conditions(asked, ProblemReport))
    counted = (statement.with_only_columns(func.count()).order_by(None) for statement in (comments, reports))
    return sum(session.scalar(statement) or 0 for statement in counted)


_By = aliased(Person)


def _columns(model: Any, key: Any, helpful: Any, text: Any, quote: Any, at: Any) -> tuple[Any, ...]:
    return (
        key, Article.key, ArticleTranslation.slug, ArticleTranslation.language, ArticleTranslation.title,
        Person.name, Person.key, helpful, text, quote, at, Revision.number,
        ArticleTranslation.revision_id == model.revision_id, model.handled_at, _By.name,
    )  # fmt: skip


def _around(statement: Select[Any], model: Any) -> Select[Any]:
    return (
        statement.outerjoin(Person, Person.id == model.person_id)
        .outerjoin(Revision, Revision.id == model.revision_id)
        .outerjoin(_By, _By.id == model.handled_by_id)
        .where(Article.binned_at.is_(None))
    )


def _comments(viewer: Viewer, asked: Asked) -> Select[Any]:
    vote = ArticleVote
    columns = _columns(vote, null(), vote.helpful, vote.comment, null(), vote.updated_at)
    same = and_(vote.article_id == ArticleTranslation.article_id, vote.language == ArticleTranslation.language)
    statement = ArticleTranslation.visible_to(viewer, *columns).join(vote, same).where(vote.comment != "")
    if asked.helpful:
        statement = statement.where(vote.helpful.is_(asked.helpful == "yes"))
    return _around(statement, vote)


def _reports(viewer: Viewer) -> Select[Any]:
    report = ProblemReport
    columns = _columns(report, report.key, null(), report.comment, report.quote, report.created_at)
    statement = ArticleTranslation.visible_to(viewer, *columns)
    return _around(statement.join(report, report.translation_id == ArticleTranslation.id), report)


def _conditions(asked: Asked, model: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.article_id is not None:
        found.append(Article.id == asked.article_id)
    else:
        found.append(model.handled_at.is_not(None) if asked.handled else model.handled_at.is_(None))
    if asked.product:
        stands = select(article_product.c.article_id).join(Product, Product.id == article_product.c.product_id)
        found.append(Article.id.in_(stands.where(Product.code == asked.product)))
    return found


def _items(session: Session, statement: Select[Any], asked: Asked, model: Any, before: datetime | None) -> list[Item]:
    at = model.updated_at if model is ArticleVote else model.created_at
    statement = statement.where(*_conditions(asked, model))
    if before is not None:
        statement = statement.where(at < before)
    what = COMMENT if model is ArticleVote else REPORT
    rows = session.execute(statement.order_by(at.desc()).limit(PAGE + 1))
    return [Item(what, *_values(*row)) for row in rows]


def _values(*row: Any) -> tuple[Any, ...]:
    """No quote is an empty one, and an unknown revision is not the current one."""
    *before, quote, at, revision, is_current, handled_at, handled_by = row
    return (*before, quote or "", at, revision, bool(is_current), handled_at, handled_by)


def _moment(after: str) -> datetime:
    try:
        return datetime.strptime(after, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid(
            N_("This list cannot go on from there. Start again from its first page."), field="after"
        ) from None
