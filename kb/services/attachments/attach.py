"""Giving an article a file that was stored."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.events import FileStored
from kb.files.kinds import TooBig
from kb.models import Article, Attachment, Blob
from kb.queries.articles import get_article
from kb.services.attachments.store import StoredFile
from sportello.core import clock, keys, outbox
from sportello.core.audience import Viewer, system
from sportello.core.bulk import insert_into
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require

MAX_ALT = 300
MOST_FILES = 200  # of one article
MOST_BYTES = 500 << 20
LONG_ALT = N_("The description of the picture is longer than %(most)s characters.")
MANY = N_("This article has %(most)s files already. Use files that it has, or link to another article.")
FULL = N_("The files of this article would be larger than %(most)s MiB together. Make them smaller.")


def check_upload(session: Session, actor: Viewer, slug: str) -> None:
    """Before anything is stored: the article is there and takes more files. Raises NotFound, Forbidden, TooBig."""
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_DRAFT, article)
    _check_quota(session, article, 0)


def attach_file(session: Session, actor: Viewer, slug: str, stored: StoredFile, *, alt: str = "") -> Attachment:
    """Make a stored file one of the article at `slug`; staged until a revision that lists it is published.

    The same content under the same name is one attachment. Raises NotFound, Forbidden, Invalid, TooBig.
    """
    article = get_article(session, actor, slug).article
    require(actor, Action.ARTICLE_DRAFT, article)
    alt = " ".join(alt.replace("\x00", "").split())
    if len(alt) > MAX_ALT:
        raise Invalid(LONG_ALT, field="alt", most=MAX_ALT)
    same = Attachment.visible_to(actor).join(Blob, Blob.id == Attachment.blob_id).where(
        Attachment.article_id == article.id, Attachment.name == stored.name, Blob.sha256 == stored.sha256
    )  # fmt: skip
    if alt:
        same = same.where(Attachment.alt == alt)
    if found := session.scalars(same.order_by(Attachment.id).limit(1)).one_or_none():
        return found  # type: ignore[no-any-return]
    _check_quota(session, article, stored.size)
    return add_attachment(session, article, stored, alt=alt, person_id=actor.person_id)


def add_attachment(
    session: Session,
    article: Article,
    stored: StoredFile,
    *,
    key: str | None = None,
    alt: str = "",
    person_id: int | None = None,
) -> Attachment:
    """The row itself, for importers too, who give `key` when their text names it already. Nothing is checked."""
    session.flush()
    attachment = Attachment(
        key=key or keys.new_key(),
        article_id=article.id,
        blob=_blob(session, stored),
        name=stored.name,
        alt=alt[:MAX_ALT],
        uploaded_by_id=person_id,
        created_at=clock.now(),
    )
    session.add(attachment)
    session.flush()
    if attachment.blob.words is None:
        outbox.emit(session, FileStored(attachment.blob.id))
    return attachment


def _blob(session: Session, stored: StoredFile) -> Blob:
    """The row of this content, made if it is new (by two uploads at once, too), locked so that no sweep takes it."""
    values = {
        "sha256": stored.sha256,
        "storage_key": stored.storage_key,
        "media_type": stored.kind.media_type,
        "size": stored.size,
        "width": stored.width,
        "height": stored.height,
        "words": "" if stored.kind.is_picture else None,
        "created_at": clock.now(),
    }
    session.execute(insert_into(session, Blob).values(values).on_conflict_do_nothing(index_elements=[Blob.sha256]))
    return session.scalars(select(Blob).where(Blob.sha256 == stored.sha256).with_for_update()).one()


def _check_quota(session: Session, article: Article, more: int) -> None:
    counts = Attachment.visible_to(system(), func.count(Attachment.id), func.coalesce(func.sum(Blob.size), 0))
    of_it = counts.join(Blob, Blob.id == Attachment.blob_id).where(Attachment.article_id == article.id)
    files, size = session.execute(of_it).one()
    if files >= MOST_FILES:
        raise TooBig(MANY, most=MOST_FILES)
    if size + more > MOST_BYTES:
        raise TooBig(FULL, most=MOST_BYTES >> 20)
