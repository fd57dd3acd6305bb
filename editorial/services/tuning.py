"""Synonyms and pins as editors set them, also as the answer to a gap. An article is named by its address."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from editorial.services.gaps import ARTICLE, mark_tuned, split_key
from kb.queries import get_article
from search_index.editing import pinning, synonyms
from search_index.editing.decisions import Decision
from search_index.models import PinnedAnswer, Synonym
from sportello.core.audience import Viewer
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.types import Ref


def slug_in(text: str) -> str:
    """The slug in an address of an article, or the text as it is."""
    return urlsplit(text.strip()).path.rstrip("/").rpartition("/")[2][:120]


def article_ref(session: Session, actor: Viewer, text: str) -> Ref:
    """The article at an address or slug. Raises Invalid at the field `article`."""
    slug = slug_in(text)
    if not slug:
        raise Invalid(N_("Choose an article."), field="article")
    try:
        return Ref(ARTICLE, get_article(session, actor, slug).article.key)
    except NotFound as error:
        notice = N_("No article has this address. Choose one of those that are found, or search with other words.")
        raise Invalid(notice, field="article") from error


def save_synonym(
    session: Session, actor: Viewer, key: str, language: str, words: Sequence[str], *, one_way: bool, gap: str = ""
) -> Synonym:
    """A new group (`key` empty) or a changed one. `gap`: what it answers, which is then dealt with."""
    if key:
        return synonyms.edit_synonym(session, actor, key, language, words, one_way=one_way)
    row = synonyms.add_synonym(session, actor, language, words, one_way=one_way)
    if gap:
        mark_tuned(session, actor, *split_key(gap), Decision.SYNONYM, None, row.words[0])
    return row


def save_pin(
    session: Session, actor: Viewer, key: str, language: str, query: str, article: str, *, gap: str = ""
) -> PinnedAnswer:
    """A new pin (`key` empty) or a changed one. `article`: address or slug; `gap`: what it answers."""
    ref = article_ref(session, actor, article)
    if key:
        return pinning.edit_pin(session, actor, key, language, query, ref)
    row = pinning.add_pin(session, actor, language, query, ref)
    if gap:
        mark_tuned(session, actor, *split_key(gap), Decision.PINNED, ref, query)
    return row
