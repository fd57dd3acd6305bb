"""A site filled for measuring: articles written straight into the tables, and the index built from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kb.indexing import source
from kb.models import Article, ArticleTranslation, Revision
from search_index.documents import SearchDocument
from search_index.sources import register
from search_index.whoosh_engine import WhooshEngine
from sportello.accounts.models import Product
from sportello.core import clock
from sportello.core.audience import Viewer, readable_keys
from sportello.core.db import Base, Database
from sportello.portal import schema

LADDER = ("xtreme", "premium", "elite")
PREMIUM = Viewer(audiences=readable_keys(LADDER, plan="premium"), person_id=1, plan="premium")
AUDIENCES = ("public", "xtreme", "premium", "elite")  # every fourth article is hidden from Premium
BATCH = 500


@dataclass
class Library:
    """Database and index of one size."""

    database: Database
    engine: WhooshEngine

    @classmethod
    def build(cls, folder: Path, records: Sequence[dict[str, Any]]) -> "Library":
        """Write the records as published articles and index them."""
        folder.mkdir(parents=True)
        database = Database(f"sqlite:///{folder / 'site.sqlite'}", f"sqlite:///{folder / 'counters.sqlite'}")
        assert schema  # every table is known
        Base.metadata.create_all(database.engine)
        with database.write() as session:
            names = sorted({record["product"] for record in records if record["product"]})
            products = {name: Product(code=name[:40], name=name) for name in names}
            session.add_all(products.values())
        for start in range(0, len(records), BATCH):
            with database.write() as session:
                for number, record in enumerate(records[start : start + BATCH], start):
                    _add(session, number, record, products)
        register(source)
        library = cls(database, WhooshEngine(folder / "index"))
        library.engine.rebuild(library.documents())
        return library

    def documents(self) -> Iterator[SearchDocument]:
        """Everything that is indexed."""
        with self.database.read() as session:
            yield from source.documents(session)


def _add(session: Any, number: int, record: dict[str, Any], products: dict[str, Product]) -> None:
    now = clock.now()
    updated = datetime.fromisoformat(record["updated"]).replace(tzinfo=UTC) if record.get("updated") else now
    article = Article(
        key=f"k{number}", kind="solution", audience=AUDIENCES[number % len(AUDIENCES)], created_at=now,
        updated_at=updated, published_at=now,
    )  # fmt: skip
    if record["product"]:
        article.products = [session.merge(products[record["product"]], load=False)]
    translation = ArticleTranslation(
        article=article, language="en", slug=f"article-{number}", title=record["title"][:300], published_at=now,
        updated_at=updated,
    )  # fmt: skip
    revision = Revision(
        translation=translation, number=1, title=record["title"][:300], markdown="", html="",
        plain=record["body_markdown"], headings="", markup_version=1, created_at=now,
    )  # fmt: skip
    session.add_all([article, translation, revision])
    session.flush()
    translation.revision = revision
