"""An invented Help Center, as its API would give it: pages of articles, sections, categories, translations."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FIRST = 360_000_100


def article(id: int, title: str, body: str = "<p>Words.</p>", **more: Any) -> dict[str, Any]:
    return {
        "id": id, "title": title, "name": title, "body": body, "locale": "en-us", "source_locale": "en-us",
        "draft": False, "promoted": False, "section_id": 11, "user_segment_id": None, "label_names": [],
        "vote_sum": 0, "vote_count": 0, "position": 0, "created_at": "2024-02-03T04:05:06Z",
        "updated_at": "2025-06-07T08:09:10Z", "edited_at": "2025-06-07T08:09:10Z",
        "html_url": f"https://help.meridiana.example/hc/en-us/articles/{id}-{title.replace(' ', '-')}", **more,
    }  # fmt: skip


def translation(locale: str, title: str, body: str = "<p>Parole.</p>", **more: Any) -> dict[str, Any]:
    return {"locale": locale, "title": title, "body": body, "draft": False, "hidden": False, **more}


SHELVES: dict[str, Any] = {
    "categories": [
        {"id": 1, "name": "Accounting", "locale": "en-us", "position": 2},
        {"id": 2, "name": "Machines", "locale": "en-us", "position": 1},
    ],
    "sections": [
        {"id": 11, "name": "Invoices", "locale": "en-us", "category_id": 1, "position": 4,
         "translations": [{"locale": "it", "title": "Fatture"}]},
        {"id": 12, "name": "Rounding", "locale": "en-us", "category_id": 1, "parent_section_id": 11, "position": 0},
        {"id": 21, "name": "Invoices", "locale": "en-us", "category_id": 2, "position": 0},
        {"id": 31, "name": "Circle", "locale": "en-us", "category_id": 2, "parent_section_id": 31, "position": 0},
    ],
}  # fmt: skip


def write_pages(folder: Path, articles: Iterable[dict[str, Any]], size: int = 100, packed: bool = False) -> Path:
    """The shelves and the articles, `size` on a page."""
    folder.mkdir(exist_ok=True)
    (folder / "shelves.json").write_text(json.dumps(SHELVES), "utf-8")
    every = list(articles)
    for number, start in enumerate(range(0, len(every), size), 1):
        page = {"count": len(every), "page": number, "articles": every[start : start + size]}
        content = json.dumps(page).encode()
        if packed:
            (folder / f"articles-{number:04}.json.gz").write_bytes(gzip.compress(content))
        else:
            (folder / f"articles-{number:04}.json").write_bytes(content)
    return folder


def library(count: int) -> list[dict[str, Any]]:
    """Articles that link to the next one, every seventh a draft, every fifth of a segment, every third Italian too."""
    made = []
    for number in range(count):
        id = FIRST + number
        body = (
            f"<h2>Case {number}</h2><p>See <a href='/hc/en-us/articles/{id + 1}-Case'>the next</a>.</p>"
            f"<table><thead><tr><th>Code</th></tr></thead><tbody><tr><td>LDG-{number}</td></tr></tbody></table>"
        )
        segment = 900 + number % 3 if number % 5 == 4 else None
        more: dict[str, Any] = {"draft": number % 7 == 6, "user_segment_id": segment}
        if number % 3 == 0:
            more["translations"] = [translation("it", f"Caso {number}", f"<p>Caso {number}.</p>")]
        made.append(article(id, f"Case {number}", body, **more))
    return made
