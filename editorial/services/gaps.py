"""What is done about searches without an answer. A group is named by its language and stems (search_index.editing)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Article, ArticleKeyword
from kb.queries import get_article
from kb.services import add_keyword, remove_keyword
from search_index.documents import LANGUAGES
from search_index.editing.decisions import Decision
from search_index.editing.wording import MAX_KEY, group_of
from search_index.log import normal
from search_index.models import GapDecision
from sportello.accounts.services import audit
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.policy import Action, require
from sportello.core.types import Ref

ARTICLE = "article"


def split_key(key: str) -> tuple[str, str]:
    """Language and group of a gap as it stands in an address ("en:invoic round"). Raises NotFound."""
    language, _, group = key.partition(":")
    if language not in LANGUAGES or not group or len(group) > MAX_KEY or "\x00" in group:
        raise NotFound
    return language, group


def dismiss_gap(session: Session, actor: Viewer, language: str, group: str, words: str = "") -> GapDecision:
    """It needs no answer. It comes back when it is searched in vain again. `words`: as people wrote it."""
    require(actor, Action.SEARCH_TUNE)
    return _decided(session, actor, language, group, Decision.DISMISSED, words=words)


def link_gap(session: Session, actor: Viewer, language: str, group: str, slug: str, words: str) -> GapDecision:
    """This article is the answer: from now on it is found by `words`. Raises NotFound, Invalid."""
    require(actor, Action.SEARCH_TUNE)
    if group_of(words, language) == "":
        raise Invalid(N_("Write the words that people search with."), field="words")
    article = add_keyword(session, actor, slug, language, words)
    return _decided(session, actor, language, group, Decision.LINKED, Ref(ARTICLE, article.key), words)


def mark_drafted(session: Session, actor: Viewer, language: str, group: str, ref: Ref, words: str = "") -> GapDecision:
    """Somebody writes the answer. It does not come back before that is published."""
    require(actor, Action.ARTICLE_DRAFT)
    return _decided(session, actor, language, group, Decision.DRAFTED, ref, words)


def mark_drafted_by_slug(session: Session, actor: Viewer, key: str, slug: str, title: str = "") -> GapDecision | None:
    """The same for an article by its address; `key` comes from an address and may be nonsense: then nothing."""
    try:
        language, group = split_key(key)
    except NotFound:
        return None
    ref = Ref(ARTICLE, get_article(session, actor, slug).article.key)
    words = title if group_of(title, language) == group else ""
    return mark_drafted(session, actor, language, group, ref, words)


def mark_tuned(
    session: Session, actor: Viewer, language: str, group: str, decision: Decision, ref: Ref | None, words: str
) -> GapDecision:
    """A synonym or a pin answers it: `decision` says which."""
    require(actor, Action.SEARCH_TUNE)
    return _decided(session, actor, language, group, decision, ref, words)


def reopen_gap(session: Session, actor: Viewer, language: str, group: str) -> None:
    """Take the decision back; an article that was linked loses the wording. Raises NotFound."""
    require(actor, Action.SEARCH_TUNE)
    row = _get(session, language, group)
    if row is None:
        raise NotFound
    if row.decision == Decision.LINKED and row.ref:
        key = Ref.parse(row.ref).key
        article = session.scalar(Article.visible_to(actor, Article.id).where(Article.key == key))
        of_article = (ArticleKeyword.article_id == article, ArticleKeyword.language == language)
        for words in session.scalars(select(ArticleKeyword.words).where(*of_article)).all():
            if group_of(words, language) == group:
                remove_keyword(session, actor, key, language, words)
    session.delete(row)
    audit.record(session, actor, "gap.reopened", f"{language}: {group}", {"decision": row.decision}, {})


def _decided(
    session: Session,
    actor: Viewer,
    language: str,
    group: str,
    decision: Decision,
    ref: Ref | None = None,
    words: str = "",
) -> GapDecision:
    language, group = split_key(f"{language}:{group}")
    row = _get(session, language, group)
    before = {"decision": row.decision, "ref": row.ref} if row else {}
    if row is None:
        row = GapDecision(language=language, group=group)
        session.add(row)
    row.decision, row.ref = decision, str(ref) if ref else None
    row.words = normal(words) if group_of(words, language) else row.words or group
    row.decided_at, row.decided_by_id = clock.now(), actor.person_id
    session.flush()
    after = {"decision": row.decision, "ref": row.ref}
    audit.record(session, actor, f"gap.{decision}", f"{language}: {group}", before, after)
    return row


def _get(session: Session, language: str, group: str) -> GapDecision | None:
    return session.scalar(select(GapDecision).where(GapDecision.language == language, GapDecision.group == group))
