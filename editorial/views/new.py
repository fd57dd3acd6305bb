"""A new article, and whether there is one like it already."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial import services
from editorial.queries.desk import product_choices
from editorial.queries.similar import Similar, similar_articles
from editorial.services.gaps import mark_drafted_by_slug
from editorial.views.blueprint import bp
from editorial.views.readers import site_plans
from kb.indexing import KIND_LABELS
from kb.models import Kind
from kb.queries import get_article
from search_index.views import search_service
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import LANGUAGES, current_language, explain
from sportello.web.session import read_session, write_session

MAX_TITLE = 300


@bp.get("/kb/new")
@requires(Action.ARTICLE_DRAFT)
def new() -> ResponseReturnValue:
    """What kind of article about what; `?title=` and `?from_gap=` fill in what was searched and not found."""
    return _page()


@bp.post("/kb/new")
@requires(Action.ARTICLE_DRAFT)
def start() -> ResponseReturnValue:
    """Begin the draft and open its editor. The button that only looks for similar articles comes back here."""
    form = request.form
    if form.get("do") == "look":
        return _page()
    kind, language = form.get("kind", ""), form.get("language", "")
    try:
        if kind not in set(Kind):
            raise Invalid(N_("Choose what kind of article this is."), field="kind")
        with write_session() as session:
            products = [code for code in form.getlist("products") if code]
            made = services.start_article(
                session, current_viewer(), kind=Kind(kind), language=language, title=form.get("title", ""),
                products=products, ladder=site_plans().ladder,
            )  # fmt: skip
            if gap := form.get("from_gap"):
                mark_drafted_by_slug(session, current_viewer(), gap, made.slug, form.get("title", ""))
    except Invalid as error:
        return _page(error), 400
    return redirect(url_for("editorial.edit", slug=made.slug, from_gap=form.get("from_gap") or None), 303)


@bp.get("/kb/new/similar")
@requires(Action.ARTICLE_DRAFT)
def similar_new() -> ResponseReturnValue:
    """The articles that `?title=` looks like, as a piece of a page."""
    with read_session() as session:
        return _piece(session, request.args.get("language", ""))


@bp.get("/kb/<slug>/edit/similar")
@requires(Action.ARTICLE_DRAFT)
def similar(slug: str) -> ResponseReturnValue:
    """The same for an article that there is already."""
    with read_session() as session:
        translation = get_article(session, current_viewer(), slug)
        return _piece(session, translation.language, translation.article.key)


def _piece(session: Session, language: str, besides: str = "") -> str:
    items = _similar(session, request.args.get("title", ""), language, besides)
    return render_template("editorial/_similar.html", items=items)


def _similar(session: Session, title: str, language: str, besides: str = "") -> list[Similar]:
    asked = language if language in LANGUAGES else current_language()
    viewer = current_viewer()
    return list(similar_articles(search_service(), session, viewer, title[:MAX_TITLE], asked, besides=besides))


def _page(error: Invalid | None = None) -> str:
    typed = request.values
    title, language = typed.get("title", ""), typed.get("language", current_language())
    with read_session() as session:
        return render_template(
            "editorial/new.html",
            kinds=KIND_LABELS,
            kind=typed.get("kind", Kind.SOLUTION),
            language=language,
            title=title,
            products=product_choices(session, current_viewer()),
            chosen=typed.getlist("products"),
            gap=typed.get("from_gap", ""),
            similar=_similar(session, title, language) if title.strip() else (),
            errors={error.field or "": explain(error)} if error else {},
        )
