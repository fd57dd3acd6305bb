"""“Did this solve it?”: one answer per person and article, changeable."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kb.events import ArticleChanged
from kb.models import Article, ArticleVote
from kb.queries.articles import get_article
from kb.services.report import revision_read
from sportello.core import clock, outbox
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Forbidden, Invalid
from sportello.core.policy import Action, require

MAX_COMMENT = 2000


def vote(
    session: Session, actor: Viewer, slug: str, *, helpful: bool, comment: str | None = None, seen: str = ""
) -> ArticleVote:
    """Say whether the article helped. `comment` is for editors only; None leaves an earlier one.

    `seen`: the mark of the page that was read (see kb.services.report); the vote belongs to that revision.

    Raises NotFound, Forbidden (nobody is signed in), Invalid (comment longer than 2,000 characters).
    """
    translation = get_article(session, actor, slug)
    article = translation.article
    require(actor, Action.ARTICLE_VOTE, article)
    if actor.person_id is None:
        raise Forbidden
    if comment is not None and len(comment) > MAX_COMMENT:
        raise Invalid(N_("The comment is longer than %(most)s characters."), field="comment", most=MAX_COMMENT)
    comment = comment.replace("\x00", "") if comment is not None else None
    now = clock.now()
    mine = session.scalar(
        select(ArticleVote).where(ArticleVote.article_id == article.id, ArticleVote.person_id == actor.person_id)
    )
    before = mine.helpful if mine else None
    if mine is None:
        mine = ArticleVote(article_id=article.id, person_id=actor.person_id, created_at=now, comment="")
        session.add(mine)
    mine.helpful = helpful
    mine.language = translation.language
    mine.updated_at = now
    mine.revision_id = revision_read(session, translation, seen).id
    if comment is not None and comment != mine.comment:
        mine.comment = comment
        mine.handled_at = mine.handled_by_id = None
    if before is not helpful:
        _count(session, article, helpful, before)
        outbox.emit(session, ArticleChanged(article.key))
    return mine


def _count(session: Session, article: Article, now: bool, before: bool | None) -> None:
    """Move the counters in the database, so that two votes at once are both counted."""
    yes = int(now) - int(before is True)
    no = int(not now) - int(before is False)
    session.execute(
        update(Article)
        .where(Article.id == article.id)
        .values(votes_yes=Article.votes_yes + yes, votes_no=Article.votes_no + no)
        .execution_options(synchronize_session=False)
    )
