"""What people type stays text: hostile and odd strings in every field, on every page that shows them."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import html5lib
import pytest
from flask.testing import FlaskClient

from kb.models import ArticleTag, ArticleTranslation
from kb.queries import linked_slugs, without_hidden_links, without_hidden_markdown_links
from kb.services import Draft, DraftText, ensure_category
from sportello.core.db import Database
from sportello.core.errors import Invalid
from tests.kb.articles import SYSTEM, write
from tests.people import Cast

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "{{ 7 * 7 }}",
    "]]><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "\x01\x08\x1b odd \u202e \ufeff",
)


def shape(page: str) -> Counter[str]:
    """Elements and attributes of a page, as a browser would make them."""
    tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    return Counter(f"{one.tag} {name}" for one in tree.iter() for name in ("", *map(str, one.attrib)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_on_every_page(
    database: Database, cast: Cast, sign_in: Callable[[str], FlaskClient], payload: str
) -> None:
    shapes = []
    client = sign_in("anna")
    for number, text in enumerate(("first", "harmless", payload)):
        with database.write() as session:
            code = f"c{number}"
            ensure_category(session, SYSTEM, code, {"en": text})
            draft = {"summary": text, "critical": text, "tags": (text[:80],), "codes": (text[:80],), "category": code}
            row = write(session, text, markdown="Plain words.", products=("ledger",), **draft)
            slug, tag = row.slug, row.article.tags[0].tag
        client.post(f"/kb/{slug}/vote", data={"v": "no", "comment": text})
        pages = [f"/kb/{slug}", f"/kb/categories/{code}", f"/kb/tags/{quote(tag)}", "/kb"]
        answers = [client.get(page) for page in pages]
        assert [answer.status_code for answer in answers[:3]] == [200] * 3
        assert sign_in("anonymous").get("/sitemap.xml").status_code == 200
        ElementTree.fromstring(sign_in("anonymous").get("/kb/feed.atom").data)
        shapes.append([shape(answer.text) for answer in answers[:2]])
    article, listing = zip(*shapes[1:], strict=True)
    assert article[0].keys() == article[1].keys()
    assert listing[0].keys() == listing[1].keys()


def test_what_no_database_takes_is_refused_with_a_reason() -> None:
    for text in ("a\x00b", "half \ud800"):
        with pytest.raises(Invalid):
            Draft(texts={"en": DraftText("Title", text)}).check()


def test_links_are_taken_out_without_touching_anything_else() -> None:
    link = '<a href="/kb/aa-22222#u-x" title="t">one <em>two</em></a>'
    html = f'<p>{link} <a href="https://example.org/kb/aa-22222">x</a></p>'
    assert linked_slugs(html) == {"aa-22222"}
    assert without_hidden_links(html, {"aa-22222"}) == html
    assert without_hidden_links(html, ()) == html.replace(link, "one <em>two</em>")
    text = "See [one](/kb/aa-22222#u-x), [web](https://example.org)."
    assert without_hidden_markdown_links(text, ()) == "See one, [web](https://example.org)."


def test_naughty_strings_go_through_the_pages(
    database: Database, cast: Cast, sign_in: Callable[[str], FlaskClient], data_folder: Path
) -> None:
    strings = json.loads((data_folder / "security" / "blns" / "blns.json").read_text("utf-8"))
    usable = [text for text in strings if text.strip() and len(text) <= 80 and "\x00" not in text][::5]
    client = sign_in("anonymous")
    with database.write() as session:
        slugs = [write(session, text, markdown=text, summary=text, tags=(text,)).slug for text in usable]
    for slug in slugs:
        assert client.get(f"/kb/{slug}").status_code == 200
        assert client.get(f"/kb/{slug}.md").status_code == 200
    ElementTree.fromstring(client.get("/kb/feed.atom").data)
    with database.read() as session:
        assert len(session.scalars(ArticleTranslation.visible_to(SYSTEM)).all()) == len(slugs)
        assert {row.tag for row in session.query(ArticleTag)} == set(usable)
