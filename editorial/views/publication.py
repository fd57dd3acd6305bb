"""Giving an article to its readers and taking it from them: now, at a time, into the archive, into the bin."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial import services
from editorial.merge import EditConflict
from editorial.queries.similar import similar_articles
from editorial.views.blueprint import bp
from editorial.views.readers import site_plans
from editorial.views.review import refused, to_review, told
from editorial.views.reviewing import Kept
from editorial.views.typed import moment_of
from kb import queries
from search_index.views import search_service
from sportello.core.errors import Conflict, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, settings, write_session

MAX_QUERY = 300


@bp.post("/kb/<slug>/publish")
@requires(Action.ARTICLE_DRAFT)
def publish(slug: str) -> ResponseReturnValue:
    """Readers have the open change from now on."""
    try:
        with write_session() as session:
            item = services.publish_change(
                session, current_viewer(), slug, ladder=site_plans().ladder, agents_publish=settings().agents_publish
            )
            slug = item.slug
    except EditConflict:
        flash(_("What readers have was changed meanwhile. Open the editor: it shows both texts."), "error")
        return to_review(slug)
    except Conflict as error:
        return told(error, slug)
    except Invalid as error:
        return refused(slug, Kept("publish", explain(error)))
    flash(_("Published. Search finds it in a moment."))
    return redirect(url_for("kb.show", slug=slug), 303)


@bp.post("/kb/<slug>/schedule")
@requires(Action.ARTICLE_DRAFT)
def schedule(slug: str) -> ResponseReturnValue:
    """When the open change is published; an empty field takes the time away."""
    typed = "" if request.form.get("clear") else request.form.get("at", "")
    try:
        with write_session() as session:
            at = moment_of(typed)
            services.schedule(session, current_viewer(), slug, at, agents_publish=settings().agents_publish)
    except Conflict as error:
        return told(error, slug)
    except Invalid as error:
        return refused(slug, Kept("schedule", explain(error), typed))
    flash(_("The time is kept.") if at else _("No time is planned any more."))
    return to_review(slug)


@bp.post("/kb/<slug>/unpublish")
@requires(Action.ARTICLE_PUBLISH)
def unpublish(slug: str) -> ResponseReturnValue:
    """When the article is taken from its readers; an empty field leaves it to them."""
    typed = "" if request.form.get("clear") else request.form.get("at", "")
    try:
        with write_session() as session:
            at = moment_of(typed)
            services.set_unpublish_at(session, current_viewer(), slug, at)
    except Invalid as error:
        return refused(slug, Kept("unpublish", explain(error), typed))
    flash(_("Readers lose it at the time that you chose.") if at else _("It stays with its readers."))
    return to_review(slug)


@bp.route("/kb/<slug>/archive", methods=["GET", "POST"])
@requires(Action.ARTICLE_ARCHIVE)
def archive(slug: str) -> ResponseReturnValue:
    """Take an article out of lists and search for good, with what replaces it."""
    if request.method != "POST":
        with read_session() as session:
            return _archive_page(session, slug)
    successor = request.form.get("successor", "").strip() or request.form.get("choice", "")
    try:
        with write_session() as session:
            services.archive(session, current_viewer(), slug, successor.strip() or None)
    except Conflict as error:
        return told(error, slug)
    except Invalid as error:
        with read_session() as session:
            return _archive_page(session, slug, successor, explain(error)), 400
    flash(_("Archived. It can be brought back from here."))
    return redirect(url_for("editorial.queue_archived"), 303)


def _archive_page(session: Session, slug: str, successor: str = "", problem: str = "") -> str:
    viewer, q = current_viewer(), request.args.get("q", "")[:MAX_QUERY]
    item = queries.get_article(session, viewer, slug)
    near = similar_articles(search_service(), session, viewer, q or item.title, item.language, besides=item.article.key)
    candidates = [one.row for one in near]
    return render_template(
        "editorial/archive.html",
        item=item,
        q=q,
        candidates=candidates,
        pointers=queries.links_to(session, viewer, slug),
        successor=successor,
        typed=successor not in {one.slug for one in candidates},
        problem=problem,
    )


def _put(verb: Callable[..., object], slug: str, done: str, endpoint: str) -> ResponseReturnValue:
    try:
        with write_session() as session:
            verb(session, current_viewer(), slug)
        flash(done)
    except Conflict as error:
        flash(explain(error), "error")
    return redirect(url_for(endpoint), 303)


@bp.post("/kb/<slug>/unarchive")
@requires(Action.ARTICLE_ARCHIVE)
def unarchive(slug: str) -> ResponseReturnValue:
    """Back to exactly those who could read it."""
    return _put(
        services.unarchive, slug, _("It is back, for exactly those who could read it."), "editorial.queue_archived"
    )


@bp.post("/kb/<slug>/bin")
@requires(Action.ARTICLE_ARCHIVE)
def bin_article(slug: str) -> ResponseReturnValue:
    """Into the bin, for 30 days."""
    return _put(services.bin_article, slug, _("It lies in the bin for 30 days."), "editorial.queue_bin")


@bp.post("/kb/<slug>/unbin")
@requires(Action.ARTICLE_ARCHIVE)
def unbin(slug: str) -> ResponseReturnValue:
    """Out of the bin, as it was."""
    return _put(services.unbin, slug, _("It is out of the bin, as it was."), "editorial.queue_bin")
