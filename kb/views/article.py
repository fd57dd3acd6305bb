"""One article: its page, its Markdown, the vote on it."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from kb import queries, services
from kb.indexing import CONFIDENCE_LABELS, KIND_LABELS
from kb.queries.translation import stale_translation
from kb.views.blueprint import bp
from kb.views.counting import count_afterwards
from kb.views.files import size_in_words
from kb.views.present import ABOVE, Refused, contents_of, description_of, facts_of, following_of, is_out, name_of
from sportello.core.errors import Invalid, NotFound
from sportello.core.policy import Action
from sportello.core.types import Ref
from sportello.notifications.views.seen import opening
from sportello.web.access import current_viewer, public, requires
from sportello.web.i18n import explain
from sportello.web.session import read_session, settings, write_session


@bp.get("/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """The article page; a former address leads to the present one, that of an archived article to its successor."""
    with read_session() as session:
        try:
            return count_afterwards(article_page(session, slug))
        except NotFound:
            moved = queries.moved_to(session, current_viewer(), slug)
            archived = None if moved else queries.archived_article(session, current_viewer(), slug)
            if moved is None and archived is None:
                raise
    if archived is None:
        return redirect(url_for("kb.show", slug=moved), 301)
    if archived.successor is None:
        return render_template("kb/archived.html", found=archived), 410
    flash(_("“%(title)s” was archived. This article replaces it.", title=archived.title))
    return redirect(url_for("kb.show", slug=archived.successor[0]))


@bp.get("/<slug>.md")
@public
def markdown(slug: str) -> ResponseReturnValue:
    """The text as Markdown, its title as first heading."""
    viewer = current_viewer()
    with read_session() as session:
        title, text = queries.read_markdown(session, viewer, slug)
        text = text if viewer.writes else queries.without_comments(text)
        text = queries.own_addresses(text, settings().base_url)
        readable = queries.readable_slugs(session, viewer, queries.linked_slugs(text))
        files = queries.readable_files(session, viewer, [text])
    text = queries.without_hidden_markdown_files(queries.without_hidden_markdown_links(text, readable), files)
    return Response(f"# {title}\n\n{text.strip()}\n", mimetype="text/markdown")


@bp.post("/<slug>/vote")
@requires(Action.ARTICLE_VOTE)
def vote(slug: str) -> ResponseReturnValue:
    """Yes or no, with a comment for the editors if there is one."""
    comment = request.form.get("comment")
    try:
        with write_session() as session:
            choice = request.form.get("v")
            if choice not in ("yes", "no"):
                raise Invalid(_("Choose yes or no."), field="v")
            seen = request.form.get("seen", "")
            services.vote(session, current_viewer(), slug, helpful=choice == "yes", comment=comment or None, seen=seen)
    except Invalid as error:
        with read_session() as session:
            return article_page(session, slug, comment=comment, problem=explain(error))[1], 400
    flash(_("Thank you. Your answer counts; you can change it."))
    return redirect(url_for("kb.show", slug=slug, _anchor="solve"), 303)


def article_page(
    session: Session, slug: str, comment: str | None = None, problem: str = "", report: Refused | None = None
) -> tuple[queries.Reading, str]:
    """The article and its page. `comment` and `problem`: a vote that was refused; `report`: a report that was."""
    viewer = current_viewer()
    item = queries.read_article(session, viewer, slug)
    article, base = item.article, settings().base_url
    opening(Ref("article", article.key))
    # a cause that is not known yet has no text
    sections = [(name, id, queries.own_addresses(html, base)) for name, id, html in item.sections if html]
    empty = {part[1] for part in item.sections} - {part[1] for part in sections}
    texts = [html for _heading, _id, html in sections] or [queries.own_addresses(item.html, base)]
    readable = queries.readable_slugs(session, viewer, set().union(*map(queries.linked_slugs, texts)))
    files = queries.readable_files(session, viewer, texts)

    def shown(html: str) -> str:
        return queries.without_hidden_files(queries.without_hidden_links(html, readable), files)

    related = queries.related_articles(session, viewer, article)
    places = queries.places_of(session, viewer, [article.id, *(card.article_id for card in related)])
    here = places.get(article.id, [])
    languages = [other for other in queries.addresses_of(session, viewer, article.id) if other.slug != item.slug]
    return item, render_template(
        "kb/article.html",
        item=item,
        above=[draw(session, item) for draw in ABOVE] if viewer.writes else [],
        caution=CONFIDENCE_LABELS.get(article.confidence),
        stale=stale_translation(session, viewer, slug) if languages else None,
        seen=services.seen_mark(item.html) if viewer.is_signed_in else "",
        following=following_of(session, "article", article.key) if is_out(item.published_at) else None,
        report=report,
        article=article,
        html=shown(texts[0]) if not sections else "",
        sections=[(name, id, shown(html)) for name, id, html in sections],
        attachments=[(file, size_in_words(file.size)) for file in queries.attachments_of(files, article.id, texts)],
        contents=contents_of([entry for entry in item.toc if entry[1] not in empty]),
        description=description_of(item.summary, item.opening),
        kind=KIND_LABELS.get(article.kind, article.kind),
        kinds=KIND_LABELS,
        products=here,
        facts=facts_of(article, here),
        path=[(entry.code, name_of(entry)) for entry in queries.category_path(session, viewer, article.category_id)],
        tags=queries.tags_of(session, viewer, article.id),
        languages=languages,
        mine=queries.vote_of(session, viewer, article.id),
        comment=comment,
        problem=problem,
        related=[(card, facts_of(card, places.get(card.article_id, ()))) for card in related],
    )
