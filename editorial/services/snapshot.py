"""Between rows and forms: an article's settings as values, and values into its rows when they are published."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.form import ArticleForm
from editorial.settings import SUMMARY, Settings, changed_in
from kb.models import ArticleCode, ArticleTag, ArticleTranslation, Category, Revision
from kb.services.verify import reckon
from kb.services.visibility import hide, narrows
from sportello.accounts.models import Person, Product, ProductVersion
from sportello.core.audience import WRITING_ROLES
from sportello.core.errors import N_, Invalid


def settings_of(session: Session, translation: ArticleTranslation) -> Settings:
    """The settings as readers have them now."""
    article = translation.article
    codes = {product.id: product.code for product in article.products}
    owner = session.get(Person, article.owner_id) if article.owner_id else None
    return Settings(
        audience=article.audience,
        kind=article.kind,
        products=tuple(sorted(codes.values())),
        versions=tuple(f"{codes[row.product_id]} {row.name}" for row in article.versions if row.product_id in codes),
        category=article.category.code if article.category else "",
        tags=tuple(sorted(row.tag for row in article.tags)),
        codes=tuple(sorted(row.code for row in article.codes)),
        critical=translation.critical or article.critical or "",
        confidence=article.confidence,
        owner=owner.email if owner else "",
        verify_days=article.verify_days,
    )


def form_of(session: Session, translation: ArticleTranslation, revision: Revision | None, staged: bool) -> ArticleForm:
    """What the editor shows of a revision: its words, and the article's settings with what a staged one alters."""
    settings, summary = settings_of(session, translation), translation.summary
    if revision is None:
        return ArticleForm(translation.title, "", summary, settings)
    snapshot = revision.settings
    if snapshot is not None:
        summary = snapshot.get(SUMMARY, summary)
        if staged:
            settings = settings.with_values(changed_in(snapshot), Settings.from_dict(snapshot))
    return ArticleForm(revision.title, revision.markdown, summary, settings)


def check_settings(session: Session, settings: Settings, names: Iterable[str]) -> None:
    """Raise Invalid, naming the field, if what one of `names` points to does not exist."""
    wanted = set(names)
    if "products" in wanted or "versions" in wanted:
        _products(session, settings)
    if "category" in wanted:
        _category(session, settings)
    if "owner" in wanted:
        _check_owner(session, settings)


def apply_settings(
    session: Session, translation: ArticleTranslation, settings: Settings, names: Iterable[str], days: int
) -> None:
    """Give the article those of `settings` that `names` says. Narrowing hides it from search at once.

    `days`: how long a verification lasts where the article says nothing. Raises Invalid like `check_settings`.
    """
    article, wanted = translation.article, set(names)
    if "audience" in wanted and settings.audience != article.audience:
        if narrows(article.audience, settings.audience):
            hide(session, article)
        article.audience = settings.audience
    for name in wanted & {"kind", "confidence", "verify_days"}:
        setattr(article, name, getattr(settings, name))
    if wanted & {"products", "versions"}:
        article.products = _products(session, settings)
        article.versions = _versions(article.products, settings)
    if "category" in wanted:
        article.category = _category(session, settings)
    if "tags" in wanted:
        tags = {row.tag: row for row in article.tags}
        article.tags = [tags.get(tag) or ArticleTag(tag=tag) for tag in settings.tags]
    if "codes" in wanted:
        codes = {row.code: row for row in article.codes}
        article.codes = [codes.get(code) or ArticleCode(code=code) for code in settings.codes]
    if "critical" in wanted:
        _apply_critical(translation, settings.critical)
    if "owner" in wanted:
        article.owner_id = _writer(session, settings.owner)  # nobody, if they have left since
    reckon(article, days)


def _apply_critical(translation: ArticleTranslation, words: str) -> None:
    """The source language speaks for all that say nothing of their own."""
    article = translation.article
    if article.source_language in (None, translation.language):
        article.critical, translation.critical = words or None, None
    else:
        translation.critical = words if words and words != article.critical else None


def _products(session: Session, settings: Settings) -> list[Product]:
    found = session.scalars(select(Product).where(Product.code.in_(settings.products))).all()
    by_code = {product.code: product for product in found}
    for code in settings.products:
        if code not in by_code:
            raise Invalid(N_("There is no product “%(code)s”."), field="products", code=code)
    return [by_code[code] for code in settings.products]


def _versions(products: Iterable[Product], settings: Settings) -> list[ProductVersion]:
    wanted = set(settings.versions)
    return [
        version
        for product in products
        for version in product.versions
        if version.name in wanted or f"{product.code} {version.name}" in wanted
    ]


def _category(session: Session, settings: Settings) -> Category | None:
    if not settings.category:
        return None
    category = session.scalar(select(Category).where(Category.code == settings.category))
    if category is None:
        raise Invalid(N_("There is no category “%(code)s”."), field="category", code=settings.category)
    return category


def _check_owner(session: Session, settings: Settings) -> None:
    if settings.owner and _writer(session, settings.owner) is None:
        raise Invalid(N_("The owner must be somebody of the staff who writes articles."), field="owner")


def _writer(session: Session, email: str) -> int | None:
    person = session.scalar(select(Person).where(Person.email == email.lower(), Person.active))
    return person.id if person is not None and person.roles & WRITING_ROLES else None
