"""Which files a revision brings: those of its article that its text names."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from kb.files.names import file_keys
from kb.models import ArticleTranslation, Attachment, Revision, revision_attachment
from sportello.core.audience import system


def link_files(session: Session, revision: Revision) -> None:
    """List the files that the Markdown of a new revision names, as far as they belong to its article. Idempotent.

    Readers reach exactly the files that the revision they read lists.
    """
    named = file_keys(revision.markdown)
    if not named:
        return
    session.add(revision)
    session.flush()
    article_id = ArticleTranslation.visible_to(system(), ArticleTranslation.article_id).where(
        ArticleTranslation.id == revision.translation_id
    )
    own = Attachment.visible_to(system(), Attachment.id).where(
        Attachment.key.in_(sorted(named)), Attachment.article_id == session.execute(article_id).scalar_one()
    )
    ids = set(session.scalars(own.order_by(Attachment.id)))
    listed = select(revision_attachment.c.attachment_id).where(revision_attachment.c.revision_id == revision.id)
    if new := ids - set(session.scalars(listed)):
        rows = [{"revision_id": revision.id, "attachment_id": id} for id in sorted(new)]
        session.execute(insert(revision_attachment), rows)
