"""What the tests of following share: an article, its key, and what is kept of choices."""

from sqlalchemy import select

from kb.queries import get_article
from sportello.core.db import Database
from sportello.notifications.models import Subscription
from tests.kb.articles import SYSTEM, write


def an_article(database: Database) -> str:
    """The slug of an article about Ledger that everybody may read, with a tag."""
    with database.write() as session:
        written = write(session, "Rounding differs", products=("ledger",), tags=("vat",), it="L'arrotondamento")
        slug: str = written.slug
    return slug


def key_of(database: Database, slug: str) -> str:
    """The public key of an article."""
    with database.read() as session:
        key: str = get_article(session, SYSTEM, slug).article.key
    return key


def kept(database: Database) -> dict[str, int]:
    """Every choice that anybody made: level by ref."""
    with database.read() as session:
        rows = session.execute(select(Subscription.kind, Subscription.topic, Subscription.level))
        return {f"{row.kind}:{row.topic}": row.level for row in rows}
