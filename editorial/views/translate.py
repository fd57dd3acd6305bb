"""Translating side by side: the source on the left, what is being written on the right, and what changed since."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial import services
from editorial.diff import word_diff
from editorial.form import ArticleForm
from editorial.merge import EditConflict
from editorial.models import State, WorkingCopy
from editorial.queries.changes import open_change
from editorial.queries.translation import (
    LanguageState,
    SourceText,
    article_languages,
    source_revision,
    source_text,
    translated_from,
)
from editorial.rows import at_most
from editorial.services.keeping import keep_merged
from editorial.views.blueprint import bp
from editorial.views.desk import Asked, desk_of
from editorial.views.editor import LOOKS, REFUSALS, begun_from, both_diffs, clock_time, render_typed, save_typed
from editorial.views.reviewing import MOST_ROWS
from editorial.views.typed import ONE_TEXT, Typed, number_in, read_typed
from kb.queries import get_article
from sportello.core.errors import NotFound, SportelloError
from sportello.core.markup import Rendered
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.errors import STATUS
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session


@bp.get("/kb/<slug>/translate/<language>")
@requires(Action.ARTICLE_DRAFT)
def translate(slug: str, language: str) -> ResponseReturnValue:
    """The source of the article at `slug` beside its text in `language`, or the way to begin it."""
    with read_session() as session:
        target, source = _pair(session, slug, language)
        if target.slug is None:
            return render_template("editorial/translate_begin.html", slug=slug, source=source, language=language)
        copy = services.view_copy(session, current_viewer(), target.slug)
    form = ArticleForm.from_fields(copy.fields)
    return _page(target.slug, source, form, Asked(unsaved=copy.saved_at if copy.changed else None), copy)


@bp.post("/kb/<slug>/translate/<language>")
@requires(Action.ARTICLE_DRAFT)
def save_translation(slug: str, language: str) -> ResponseReturnValue:
    """Begin the translation, or save it with the revision of the source that was on the left."""
    with write_session() as session:
        target, _source = _pair(session, slug, language)
        if target.slug is None:
            services.start_translation(
                session, current_viewer(), slug, language, title=request.form.get("title", "").strip() or None
            )
            return redirect(url_for("editorial.translate", slug=slug, language=language), 303)
    typed, act = read_typed(request.form), request.form.get("do", "save")
    if act in LOOKS:
        return _again(slug, language, typed, LOOKS[act] or typed.layout)
    try:
        rendered = render_typed(target.slug, typed)
        with write_session() as session:
            return redirect(_save(session, slug, language, typed, act, rendered), 303)
    except EditConflict as conflict:
        return _again(slug, language, typed, typed.layout, conflict), 409
    except REFUSALS as refusal:
        status = next(code for kind, code in STATUS.items() if isinstance(refusal, kind))
        return _again(slug, language, typed, typed.layout, refusal), status


def _pair(session: Session, slug: str, language: str) -> tuple[LanguageState, SourceText]:
    """The wanted language and the source. Raises NotFound where there is no such language, or it is the source."""
    viewer = current_viewer()
    article_id = get_article(session, viewer, slug).article_id
    states = article_languages(session, viewer, article_id)
    target = next((state for state in states if state.language == language), None)
    if target is None or target.is_source:
        raise NotFound
    return target, source_text(session, viewer, article_id, states[0].language)


def _save(session: Session, slug: str, language: str, typed: Typed, act: str, rendered: Rendered) -> str:
    viewer = current_viewer()
    target, source = _pair(session, slug, language)
    assert target.slug is not None
    number = number_in(request.form, "source")
    said = source_revision(session, viewer, source.slug, number) if number else source.revision_id
    save_typed(session, target.slug, typed, rendered, source_revision_id=said)
    if act == "review":
        change = open_change(session, viewer, target.slug)
        if change is not None and change.state == State.DRAFT:
            services.submit(session, viewer, target.slug)
        flash(_("Sent to review."))
        return url_for("editorial.review", slug=target.slug)
    flash(_("Saved."))
    return url_for("editorial.translate", slug=slug, language=language)


def _again(slug: str, language: str, typed: Typed, layout: str, problem: SportelloError | None = None) -> str:
    """The page with everything that was typed, or with both versions put together; it is kept."""
    viewer = current_viewer()
    with write_session() as session:
        target, source = _pair(session, slug, language)
        assert target.slug is not None
        begun = begun_from(session, target.slug, typed)
        if isinstance(problem, EditConflict):
            fields = problem.merged.to_fields()
            copy = keep_merged(session, viewer, target.slug, fields, problem.head_id, begun)
        else:
            copy = services.autosave(session, viewer, target.slug, typed.fields, begun)
    if isinstance(problem, EditConflict):
        layout = ONE_TEXT if problem.merge.conflicts else layout
        asked = Asked(layout, typed.significance, typed.comment, posted=True, conflict=problem)
        return _page(target.slug, source, problem.merged, asked, copy)
    form = ArticleForm.from_fields(typed.fields, ArticleForm.from_fields(copy.fields))
    asked = Asked(layout, typed.significance, typed.comment, posted=True, problem=problem)
    return _page(target.slug, source, form, asked, copy)


def _page(slug: str, source: SourceText, form: ArticleForm, asked: Asked, copy: WorkingCopy) -> str:
    viewer = current_viewer()
    with read_session() as session:
        translation = get_article(session, viewer, slug)
        before = translated_from(session, viewer, translation.id)
        stale = before is not None and before.revision_id != source.revision_id
        since = word_diff(before.markdown, source.markdown).folded() if before and stale else ()
        return render_template(
            "editorial/translate.html",
            desk=desk_of(session, copy, translation, form, asked),
            source=source,
            before=before if stale else None,
            since=at_most(since, MOST_ROWS),
            saved_at=clock_time(copy.saved_at),
            **both_diffs(asked),
        )
