"""Who will read an article, in plain words and counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from babel.lists import format_list
from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session

from editorial.queries.readers import Readers, organisations_by_name, products_by_name, readers_of
from editorial.views.blueprint import bp
from kb.queries import get_article
from sportello.accounts.plans import Plans
from sportello.core.audience import PUBLIC, STAFF
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.i18n import ngettext
from sportello.web.session import read_session


def site_plans() -> Plans:
    """The plans of this site."""
    return cast(Plans, current_app.extensions["sportello.plans"])


@dataclass(frozen=True)
class Group:
    """A heading in the list of audiences, and (key, words) under it."""

    label: str
    choices: tuple[tuple[str, str], ...]


def audience_groups(session: Session) -> list[Group]:
    """Every audience there is: plans, plans with a product, organisations."""
    return [group for group in _groups(session) if group.choices]


def _groups(session: Session) -> Iterator[Group]:
    plans = site_plans()
    top = plans.ladder[-1:]
    above = {
        code: plans.name(code) if code in top else _("%(plan)s and above", plan=plans.name(code))
        for code in plans.ladder
    }
    yield Group(_("Everybody and nobody"), ((STAFF, _("Staff only")), (PUBLIC, _("Everybody, signed in or not"))))
    yield Group(_("Plans"), tuple(above.items()))
    for product in products_by_name(session):
        owners = [
            (f"{code}@{product.code}", _("%(plan)s, owners of %(product)s", plan=words, product=product.name))
            for code, words in above.items()
        ]
        yield Group(_("Owners of %(product)s", product=product.name), tuple(owners))
    organisations = organisations_by_name(session, current_viewer())
    yield Group(_("One organisation"), tuple((f"org:{row.code}", row.name) for row in organisations))


def sentence_of(readers: Readers) -> str:
    """One sentence that says who will see it: "Premium and Elite customers licensed for Ledger: 14 organisations."."""
    return str(_words(readers))


def _words(readers: Readers) -> Any:
    if readers.key == PUBLIC:
        return _("Everybody will see it, signed in or not, and search engines too.")
    if readers.key == STAFF:
        return _("Nobody but staff will see it.")
    if readers.organisation and readers.count:
        return _("Only people of %(organisation)s will see it.", organisation=readers.organisation)
    if readers.organisation:
        return _("Only people of %(organisation)s would see it, and their coverage has ended.",
                 organisation=readers.organisation)  # fmt: skip
    if not readers.plans:
        return _("This site has no such audience: choose another.")
    plans = format_list(readers.plans, locale=get_locale())
    count = ngettext("%(num)s organisation", "%(num)s organisations", readers.count or 0)
    if readers.product:
        return _("%(plans)s customers licensed for %(product)s: %(count)s.",
                 plans=plans, product=readers.product, count=count)  # fmt: skip
    return _("%(plans)s customers: %(count)s.", plans=plans, count=count)


def sentence_for(session: Session, key: str) -> str:
    """The sentence of an audience key."""
    return sentence_of(readers_of(session, current_viewer(), key, site_plans()))


@bp.get("/kb/<slug>/edit/readers")
@requires(Action.ARTICLE_DRAFT)
def readers(slug: str) -> ResponseReturnValue:
    """The sentence for `?audience=`, while one chooses."""
    with read_session() as session:
        get_article(session, current_viewer(), slug)
        return {"sentence": sentence_for(session, request.args.get("audience", ""))}
