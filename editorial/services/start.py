"""Beginning: a new article, or another language of one."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from editorial.form import ArticleForm
from editorial.models import State
from editorial.sections import headings_in
from editorial.services.held import Held, get_revision, hold
from editorial.services.save import add_revision, stage
from editorial.services.snapshot import check_settings, settings_of
from editorial.settings import NAMES, Settings, stored
from editorial.skeletons import skeleton
from kb.models import Article, ArticleTranslation, Confidence, Kind
from kb.queries.articles import get_article, languages_of
from kb.services.draft import LANGUAGES
from kb.services.rendering import render_article
from sportello.accounts.models import Person
from sportello.core import clock, keys
from sportello.core.audience import STAFF, Viewer, system
from sportello.core.errors import N_, Conflict, Invalid
from sportello.core.policy import Action, require


def start_article(
    session: Session,
    actor: Viewer,
    *,
    kind: Kind,
    language: str,
    title: str,
    products: Collection[str] = (),
    markdown: str | None = None,
    ladder: Collection[str],
) -> ArticleTranslation:
    """A draft that nobody but writers sees, with its first revision in an open change. Its author owns it.

    `markdown` None: the headings of its kind. Raises Forbidden, Invalid (naming the field).
    """
    require(actor, Action.ARTICLE_DRAFT)
    if kind not in set(Kind):
        raise Invalid(N_("Choose what kind of article this is."), field="kind")
    settings = Settings(
        audience=STAFF, kind=Kind(kind), products=tuple(products), confidence=Confidence.WORK_IN_PROGRESS,
        owner=_email(session, actor),
    )  # fmt: skip
    text = skeleton(Kind(kind), language) if markdown is None else markdown
    form = ArticleForm.from_fields({"title": title, "markdown": text}, ArticleForm("", "", settings=settings))
    form.check(ladder, language)
    check_settings(session, settings, NAMES)
    now = clock.now()
    article = Article(
        key=keys.new_key(), audience=STAFF, kind=Kind(kind), created_at=now, updated_at=now, owner_id=actor.person_id,
        confidence=settings.confidence, source_language=language, edited_here=True,
    )  # fmt: skip
    session.add(article)
    session.flush()
    return _begin(session, actor, article, language, form, NAMES)


def start_translation(
    session: Session,
    actor: Viewer,
    slug: str,
    language: str,
    *,
    title: str | None = None,
    markdown: str | None = None,
) -> ArticleTranslation:
    """Another language of the article at `slug`, begun from the text there: a draft that says whose revision it is of.

    The standard headings are put into that language; who translates sees the sections, not the headings.

    Raises NotFound, Forbidden, Invalid (no language of this site), Conflict (the article has that language).
    """
    require(actor, Action.ARTICLE_DRAFT)
    held = hold(session, actor, slug)
    held.require_on_shelf()
    if language not in LANGUAGES:
        raise Invalid(
            N_("“%(language)s” is not a language of this site: use en or it."), field="language", language=language
        )
    article = held.article
    if any(row.language == language for row in languages_of(session, system(), article.id)):
        raise Conflict(N_("This article has that language already."))
    source = get_revision(session, held.translation.revision_id)
    if article.source_language is None:
        article.source_language = held.translation.language
    form = ArticleForm(
        title=title or held.translation.title,
        markdown=markdown if markdown is not None else headings_in(language, source.markdown if source else ""),
        summary=held.translation.summary,
        settings=replace(settings_of(session, held.translation)),
    )
    made = _begin(session, actor, article, language, form, ())
    if made.revision is not None:
        made.revision.source_revision_id = source.id if source else None
    return made


def _begin(
    session: Session,
    actor: Viewer,
    article: Article,
    language: str,
    form: ArticleForm,
    changed: Collection[str],
) -> ArticleTranslation:
    rendered = render_article(form.markdown, language)
    translation = ArticleTranslation(
        article=article, language=language, slug=keys.new_slug(form.title), title=form.title, summary=form.summary,
        updated_at=clock.now(),
    )  # fmt: skip
    session.add(translation)
    session.flush()
    revision = add_revision(session, actor, translation, form, rendered)
    revision.settings = stored(form.settings, changed, form.summary)
    change = stage(session, actor, Held(translation, None), revision, form)
    change.base_revision_id, change.state = None, State.DRAFT
    session.flush()
    return get_article(session, actor, translation.slug)


def _email(session: Session, actor: Viewer) -> str:
    person = session.get(Person, actor.person_id) if actor.person_id else None
    return person.email if person else ""
