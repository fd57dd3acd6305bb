"""Dealing with what readers wrote: done, by whom and when, or open again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleTranslation, ArticleVote, ProblemReport
from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.policy import Action, require


def handle_report(session: Session, actor: Viewer, key: str, *, done: bool = True) -> ProblemReport:
    """Mark a report as dealt with, or open it again. Raises NotFound, Forbidden."""
    require(actor, Action.FEEDBACK_READ)
    readable = ArticleTranslation.visible_to(actor, ProblemReport).join(
        ProblemReport, ProblemReport.translation_id == ArticleTranslation.id
    )
    report: ProblemReport | None = session.scalar(readable.where(ProblemReport.key == key))
    if report is None:
        raise NotFound
    _mark(report, actor, done)
    return report


def handle_comment(
    session: Session, actor: Viewer, article_key: str, person_key: str, *, done: bool = True
) -> ArticleVote:
    """Mark the comment beside somebody's vote as dealt with, or open it again. Raises NotFound, Forbidden."""
    require(actor, Action.FEEDBACK_READ)
    readable = Article.visible_to(actor, ArticleVote).join(ArticleVote, ArticleVote.article_id == Article.id)
    person = select(Person.id).where(Person.key == person_key).scalar_subquery()
    statement = readable.where(Article.key == article_key, ArticleVote.person_id == person, ArticleVote.comment != "")
    vote: ArticleVote | None = session.scalar(statement)
    if vote is None:
        raise NotFound
    _mark(vote, actor, done)
    return vote


def _mark(item: ProblemReport | ArticleVote, actor: Viewer, done: bool) -> None:
    if done and item.handled_at is not None:
        return  # somebody was faster: it stays theirs
    item.handled_at = clock.now() if done else None
    item.handled_by_id = actor.person_id if done else None
