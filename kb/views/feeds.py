"""What machines read, always as an anonymous visitor would: the Atom feed and the sitemap."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from kb import queries
from kb.views.blueprint import bp, root
from sportello.web.access import public
from sportello.web.atom import MIMETYPE, NEVER, NOT_IN_XML
from sportello.web.i18n import LANGUAGES
from sportello.web.session import read_session, settings


@bp.get("/feed.atom")
@public
def feed() -> ResponseReturnValue:
    """The newest public articles, in the language of `?lang=`."""
    language = request.args.get("lang", "")
    language = language if language in LANGUAGES else settings().default_language
    with read_session() as session:
        items = queries.feed_items(session, language)
        updated = max((item.updated_at for item in items), default=NEVER)
        body = render_template("kb/feed.xml", items=items, updated=updated, language=language).translate(NOT_IN_XML)
    return _answer(body, MIMETYPE)


@root.get("/sitemap.xml")
@public
def sitemap() -> ResponseReturnValue:
    """Addresses of the public articles in all their languages."""
    base = settings().base_url.rstrip("/")
    with read_session() as session:
        body = "".join(_sitemap(base, queries.public_addresses(session)))
    return _answer(body, "application/xml")


def _sitemap(base: str, articles: Iterator[list[queries.Address]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    for page in ("/", "/kb", "/plans"):
        yield f"<url><loc>{escape(base + page)}</loc></url>\n"
    for languages in articles:
        links = [(row.language, f"{base}/kb/{row.slug}") for row in languages] if len(languages) > 1 else []
        alternates = "".join(
            f'<xhtml:link rel="alternate" hreflang={quoteattr(code)} href={quoteattr(link)}/>' for code, link in links
        )
        for row in languages:
            location, day = escape(f"{base}/kb/{row.slug}"), row.updated_at.date().isoformat()
            yield f"<url><loc>{location}</loc><lastmod>{day}</lastmod>{alternates}</url>\n"
    yield "</urlset>\n"


def _answer(body: str, mimetype: str) -> ResponseReturnValue:
    """The same for everybody, so shared caches may keep it, but must ask each time: what leaves is gone at once."""
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = "public, no-cache"
    response.add_etag()
    return response.make_conditional(request)
