"""A small site with something for every audience key, seeded with or without what a viewer may not read."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from kb import services
from kb.models import Article, ArticleTranslation, Kind, Revision
from kb.services import Draft, DraftText
from sportello.core import audience, keys
from sportello.core.audience import PUBLIC, STAFF, Viewer
from sportello.core.storage import MediaStorage
from tests.people import LADDER

SYSTEM = audience.system()
NOW = datetime(2026, 11, 26, 10, 10, tzinfo=UTC)
KEYS = (
    PUBLIC, "xtreme", "premium", "elite", STAFF,
    "xtreme@foundry", "premium@ledger", "elite@harbor",
    "org:xtreme", "org:premium", "org:elite", "org:expired",
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """An article of the world: everything about it that could leak carries its canary."""

    number: int
    audience: str
    variant: int  # 0: English only; 1: English and Italian; 2: Italian only

    @property
    def canary(self) -> str:
        """A word that stands nowhere else."""
        return "zq" + "abcdefghijklmnopqrstuvwxyz"[self.number % 26] + "abcdefghij"[self.number // 26] + "vory"

    @property
    def code(self) -> str:
        return f"ZQX-{7000 + self.number}"

    @property
    def file(self) -> tuple[str, str]:
        """Key and name of its attachment."""
        return f"zq{self.number:02}attach", f"{self.canary}-manual.txt"

    @property
    def file_address(self) -> str:
        return "/kb/files/{}/{}".format(*self.file)

    @property
    def file_text(self) -> str:
        return f"The manual of the rounding difference, {self.canary}: {self.canary}inside."

    def draft(self) -> Draft:
        """Common words, so that all items compete in ranking, and canaries in every place."""
        word = self.canary
        product = "foundry" if "foundry" in self.audience else ("ledger", "harbor")[self.number % 2]
        english = DraftText(
            title=f"Invoice rounding differs {word}",
            summary=f"Why the rounding of an invoice differs, {word}.",
            markdown=f"## Symptoms {word}\n\nThe invoice total shows a rounding difference {word} {self.code}.\n\n"
            f"## Resolution\n\nSet `rounding.{word}` to document and send the invoice again.\n\n"
            + "padding " * 20
            + f"\n\nSee [the manual {word}]({self.file_address}).\n",
        )
        italian = DraftText(
            title=f"L'arrotondamento della fattura {word}",
            summary=f"Perché l'arrotondamento della fattura differisce, {word}.",
            markdown=f"## Sintomi {word}\n\nIl totale della fattura mostra un arrotondamento {word} {self.code}.\n\n"
            f"Vedi [il manuale {word}]({self.file_address}).\n",
        )
        texts = ({"en": english}, {"en": english, "it": italian}, {"it": italian})[self.variant]
        return Draft(
            texts=texts,
            audience=self.audience,
            kind=list(Kind)[self.number % 4],
            products=(product,),
            versions=({"foundry": "8.0", "ledger": "15.1", "harbor": "4.2"}[product],),
            category=f"category-{word}" if self.variant == 0 else "shared",
            tags=("shared", f"tag-{word}"),
            codes=(self.code,),
            critical=f"Close at once {word}." if self.number % 5 == 0 else None,
            verified_at=NOW - timedelta(days=self.number),
            updated_at=NOW - timedelta(days=3 * self.number, hours=self.number),
            votes=(self.number % 7, self.number % 3),
            source="world",
            source_id=word,
        )


def _variants(key: str) -> tuple[int, ...]:
    """Every key in English; the plans in both languages too; the two ends of the ladder in Italian alone too."""
    both = (1,) if key in (PUBLIC, *LADDER) else ()
    return (0, *both, *((2,) if key in (PUBLIC, LADDER[-1]) else ()))


ITEMS = tuple(
    Item(number, key, variant)
    for number, (key, variant) in enumerate((key, variant) for key in KEYS for variant in _variants(key))
)


def readable_by(viewer: Viewer) -> Callable[[Item], bool]:
    """The items that a viewer may read: the world without the rest."""
    return lambda item: audience.admits(viewer, item.audience)


def seed(
    session: Session, media: MediaStorage, keep: Callable[[Item], bool] = lambda item: True
) -> dict[Item, list[str]]:
    """Write the kept items in order; each has the same keys and slugs in every world. Returns their slugs."""
    slugs: dict[Item, list[str]] = {}
    for item in ITEMS:
        if not keep(item):
            continue
        keys.seed(item.number)
        draft = item.draft()
        if draft.category:
            services.ensure_category(session, SYSTEM, draft.category, {"en": draft.category.title()})
        article = services.create_or_update(session, SYSTEM, draft, ladder=LADDER)
        session.flush()
        _attach(session, media, item, article)
        found = ArticleTranslation.visible_to(SYSTEM, ArticleTranslation.slug).where(Article.source_id == item.canary)
        slugs[item] = list(session.scalars(found))
    keys.seed(None)
    return slugs


def _attach(session: Session, media: MediaStorage, item: Item, article: Article) -> None:
    """The item's file, read for search already."""
    key, name = item.file
    stored = services.store_file(media, io.BytesIO(item.file_text.encode()), name, most_bytes=1 << 20)
    attachment = services.add_attachment(session, article, stored, key=key)
    attachment.blob.words = item.file_text
    for revision in session.scalars(Revision.visible_to(SYSTEM).where(Article.id == article.id)):
        services.link_files(session, revision)
