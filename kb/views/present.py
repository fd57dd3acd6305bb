"""What templates need that no query gives: names in a language, versions in words, a nested table of contents."""

from dataclasses import dataclass, field
from itertools import groupby

from kb.indexing import VERIFIED_FOR
from kb.models import Article, Category, Revision
from sportello.accounts.models import ProductVersion
from sportello.core import clock
from sportello.web.i18n import current_language

DESCRIPTION = 160  # characters, what search engines show


@dataclass
class Contents:
    """An entry of the table of contents, with those under it."""

    id: str
    text: str
    children: list["Contents"] = field(default_factory=list)


def contents_of(revision: Revision) -> list[Contents]:
    """Headings of levels 2 and 3, nested; nothing when there is hardly anything to jump to."""
    found: list[Contents] = []
    for level, id, text in revision.toc:
        if level == 2 or (level == 3 and not found):
            found.append(Contents(id, text))
        elif level == 3:
            found[-1].children.append(Contents(id, text))
    return found if len(found) + sum(len(entry.children) for entry in found) > 1 else []


def description_of(summary: str, plain: str) -> str:
    """The summary, or how the text begins, cut at a word."""
    text = " ".join((summary or plain[: DESCRIPTION * 2]).split())
    if len(text) <= DESCRIPTION:
        return text
    return text[:DESCRIPTION].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def name_of(category: Category) -> str:
    """The category's name in the reader's language, else in another."""
    return category.names.get(current_language()) or next(iter(category.names.values()), category.code)


@dataclass(frozen=True)
class Facts:
    """What a list says of an article beside its title: products with versions, and whether it was verified lately."""

    labels: list[str]
    verified: bool


def facts_of(article: Article) -> Facts:
    """Versions are named ("Ledger 15.0, 15.1") or, when more than two follow each other, spanned ("7.3–8.0")."""
    versions = {id: list(rows) for id, rows in groupby(article.versions, key=lambda row: row.product_id)}
    labels = [f"{product.name} {_span(versions.get(product.id, []))}".strip() for product in article.products]
    lately = article.verified_at is not None and article.verified_at > clock.now() - VERIFIED_FOR
    return Facts(labels, lately)


def _span(versions: list[ProductVersion]) -> str:
    rows = sorted(versions, key=lambda row: row.position)
    names = [row.name for row in rows]
    whole = len(rows) > 2 and rows[-1].position - rows[0].position == len(rows) - 1
    return f"{names[0]}–{names[-1]}" if whole else ", ".join(names)
