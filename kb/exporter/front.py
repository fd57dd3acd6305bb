"""The text of an exported file: front matter that YAML reads back to the same values, then the Markdown as it is."""

from datetime import datetime
from typing import Any

import yaml

from kb.exporter.select import Exported
from kb.importer.native import HEAD
from sportello.core.audience import Viewer


def front_matter(item: Exported, language: str, files: list[dict[str, str]], viewer: Viewer, first: bool) -> str:
    """The block at the head of a file. What only those who write may know stands there for them alone."""
    translation = item.translations[language]
    values: dict[str, Any] = {
        "title": " ".join(item.revisions[language].title.split()),
        "summary": " ".join(translation.summary.split()),
        "lang": language,
        "slug": translation.slug,
        "updated": _moment(translation.updated_at),
        "published": _moment(translation.published_at),
        "draft": translation.published_at is None or None,
        "notice": translation.critical,
    }
    if first:
        values |= _shared(item) | (_for_writers(item) if viewer.writes else {})
    values["files"] = files
    return dump({name: value for name, value in values.items() if value not in (None, "", [])})


def dump(values: dict[str, Any]) -> str:
    """Front matter with its marks. What YAML cannot say plainly is escaped."""
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=10**6)
    if yaml.safe_load(text) != values or "\r" in text:
        text = yaml.safe_dump(values, allow_unicode=False, sort_keys=False, width=10**6, default_style='"')
    return f"{HEAD}{text}---\n"


def _shared(item: Exported) -> dict[str, Any]:
    article = item.article
    codes = {product.id: product.code for product in article.products}
    versions = [(codes[row.product_id], row.position, row.name) for row in article.versions if row.product_id in codes]
    return {
        "key": article.key,
        "kind": article.kind,
        "product": list(codes.values()),
        "versions": [f"{code} {name}" for code, _, name in sorted(versions)],
        "category": article.category.code if article.category else None,
        "tags": sorted(row.tag for row in article.tags),
        "codes": sorted(row.code for row in article.codes),
        "critical": article.critical,
        "confidence": article.confidence,
        "verified": _moment(article.verified_at),
    }


def _for_writers(item: Exported) -> dict[str, Any]:
    article = item.article
    votes = [article.votes_yes, article.votes_no]
    return {
        "audience": article.audience,
        "owner": item.owner,
        "verify_days": article.verify_days,
        "votes": votes if any(votes) else None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
