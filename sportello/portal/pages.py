"""Pages that belong to no feature: home, the operator's texts, the few small files browsers ask for."""

from pathlib import Path

from flask import Blueprint, Response, render_template, send_file
from flask.typing import ResponseReturnValue

from kb import queries as articles
from sportello.core import clock
from sportello.core.errors import NotFound
from sportello.core.markup import Limit, render
from sportello.core.resources import resource
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.queries.critical.banner import my_notices
from sportello.notifications.queries.subscriptions import Standing
from sportello.web.access import current_viewer, public
from sportello.web.i18n import current_language
from sportello.web.session import read_session, settings

bp = Blueprint("portal", __name__)
TEXTS = ("accessibility", "privacy", "terms")
HOME_ITEMS = 6


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    viewer = current_viewer()
    with read_session() as session:
        voted, by_votes = articles.Scope(voted=True), articles.Order.HELPFUL
        lists = {
            "critical": articles.critical_articles(session, viewer),
            "for_you": articles.articles_for_products(session, viewer, viewer.products, limit=HOME_ITEMS),
            "newest": articles.list_articles(session, viewer, limit=HOME_ITEMS).items,
            "helpful": articles.list_articles(session, viewer, voted, order=by_votes, limit=HOME_ITEMS).items,
        }
        shown = {card.article_id for cards in lists.values() for card in cards}
        places = articles.places_of(session, viewer, shown)
        # What a notice to the viewer stands about is in the banner, or they know it.
        noticed = {notice.about for notice in my_notices(session, viewer)} if lists["critical"] else set()
    return render_template("portal/home.html", page=lists, places=places, noticed=noticed)


@bp.get("/<any(accessibility, privacy, terms):name>")
@public
def text(name: str) -> ResponseReturnValue:
    """The operator's own text, or the plain one that ships."""
    own = getattr(settings(), f"{name}_file")
    path = Path(own) if own else resource("templates") / "portal" / "texts" / f"{name}.{current_language()}.md"
    rendered = render(path.read_text("utf-8"), limit=Limit.STAFF, language=current_language())
    return render_template("portal/text.html", name=name, rendered=rendered)


@bp.get("/accent.css")
@public
def accent() -> ResponseReturnValue:
    """The operator's accent colour, lightened for the dark side."""
    if not (colour := settings().accent):
        raise NotFound
    rules = (
        f"--s-accent:light-dark({colour},color-mix(in oklab,{colour} 45%,white));"
        f"--s-accent-strong:light-dark(color-mix(in oklab,{colour} 75%,black),color-mix(in oklab,{colour} 30%,white));"
        f"--s-accent-soft:light-dark(color-mix(in oklab,{colour} 12%,white),color-mix(in oklab,{colour} 35%,black));"
        f"--s-deep:color-mix(in oklab,{colour} 75%,black);"
    )
    return Response(f":root{{{rules}}}\n", mimetype="text/css", headers={"Cache-Control": "public, max-age=3600"})


@bp.get("/logo")
@public
def logo() -> ResponseReturnValue:
    if not (path := settings().logo_file):
        raise NotFound
    return send_file(Path(path).resolve(), max_age=3600)


@bp.get("/favicon.ico")
@public
def favicon() -> ResponseReturnValue:
    return send_file(resource("static") / "favicon.svg", mimetype="image/svg+xml", max_age=86400)


@bp.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    """Crawlers may read what is public; searches and people's pages are not for them."""
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /sign-in", "Disallow: /settings", "Disallow: /staff"]
    lines.append(f"Sitemap: {settings().base_url.rstrip('/')}/sitemap.xml")
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/styleguide")
@public
def styleguide() -> ResponseReturnValue:
    """Every component on one page, in development only."""
    if not settings().is_development:
        raise NotFound
    ledger = Ref("product", "ledger")
    standings = [Standing(ledger), Standing(ledger, default=Level.TRACKING), Standing(ledger, own=Level.WATCHING)]
    return render_template("portal/styleguide.html", today=clock.now(), standings=standings)
