"""The links of what readers have, kept by the worker: made equal to the texts as they are now, whatever happened."""

import re
from collections.abc import Collection

from sqlalchemy import delete, insert, tuple_
from sqlalchemy.orm import Session

from kb.models import Article, ArticleLink, ArticleTranslation, Revision
from kb.queries.links import linked_slugs, own_addresses
from kb.queries.pointers import TO_ARTICLE, TO_FILE
from sportello.core.audience import EVERY_AUDIENCE, Viewer, system
from sportello.core.db import Database

_FILE = re.compile(r'\b(?:href|src)="/kb/files/([a-z0-9]{10})[/"?#]')
_READERS = Viewer(audiences=EVERY_AUDIENCE, name="links")  # every audience, but only what is published
BATCH = 200
Link = tuple[int, str, str]  # translation id, kind, target


def keep_links(database: Database, keys: Collection[str], base_url: str = "") -> None:
    """Write the links of these articles anew where they changed; a batch without changes takes no write lock.

    `base_url`: the site's, so that links by full addresses are known for its own.
    """
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        with database.read() as session:
            gone, new = _difference(session, batch, base_url)
        if gone or new:
            with database.write() as session:
                _apply(session, *_difference(session, batch, base_url))


def links_in(html: str) -> set[tuple[str, str]]:
    """(kind, target) of every link of a rendered text to an article or a file."""
    files = {(TO_FILE, key) for key in _FILE.findall(html)}
    return files | {(TO_ARTICLE, slug[:120]) for slug in linked_slugs(html)}


def _difference(session: Session, keys: Collection[str], base_url: str) -> tuple[set[Link], set[Link]]:
    """Links that stand there and must not, and the reverse. Two statements."""
    texts = Revision.visible_to(_READERS, ArticleTranslation.id, Revision.html).where(
        ArticleTranslation.revision_id == Revision.id, Article.key.in_(keys)
    )
    rows = [(id, own_addresses(html, base_url) if base_url else html) for id, html in session.execute(texts)]
    wanted = {(id, kind, target) for id, html in rows for kind, target in links_in(html)}
    columns = (ArticleLink.translation_id, ArticleLink.kind, ArticleLink.target)
    kept = ArticleTranslation.visible_to(system(), *columns).join(
        ArticleLink, ArticleLink.translation_id == ArticleTranslation.id
    )
    known = {(row[0], row[1], row[2]) for row in session.execute(kept.where(Article.key.in_(keys)))}
    return known - wanted, wanted - known


def _apply(session: Session, gone: set[Link], new: set[Link]) -> None:
    if gone:
        row = tuple_(ArticleLink.translation_id, ArticleLink.kind, ArticleLink.target)
        for start in range(0, len(gone), BATCH):
            session.execute(delete(ArticleLink).where(row.in_(sorted(gone)[start : start + BATCH])))
    if new:
        rows = [{"translation_id": id, "kind": kind, "target": target} for id, kind, target in sorted(new)]
        session.execute(insert(ArticleLink), rows)
