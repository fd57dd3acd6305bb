"""What the worker does at its time. Each looks at how things stand then: a plan that was moved or cancelled is none."""

import logging

from sqlalchemy.orm import Session

from editorial.events import PublicationPlanned, UnpublicationPlanned
from editorial.models import Change, State
from editorial.services import shelf
from editorial.services.held import Held, hold
from editorial.services.planned import Overtaken, check_plan, give_up
from editorial.services.publishing import publish_held
from kb.events import ArticleChanged
from kb.models import Article, ArticleTranslation
from kb.queries.articles import languages_of
from kb.services.visibility import hide
from sportello.core import clock, outbox
from sportello.core.audience import system
from sportello.core.errors import Conflict, Invalid
from sportello.core.handling import Site

log = logging.getLogger(__name__)


def on_publication_planned(site: Site, event: PublicationPlanned) -> None:
    """Publish the change if it is planned and its time has come. What cannot be published waits for a person."""
    try:
        with site.database.write() as session:
            if (held := _due(session, event.key)) is not None:
                agents = site.settings.agents_publish
                check_plan(session, held, event.audience, ladder=site.plans.ladder, agents_publish=agents)
                publish_held(session, system(), held, ladder=site.plans.ladder)
    except (Conflict, Invalid) as error:
        log.warning("change %s was not published at its time: %s", event.key, error)
        with site.database.write() as session:
            if (held := _due(session, event.key)) is not None and held.change is not None:
                give_up(held.change, decided=not isinstance(error, Overtaken))


def _due(session: Session, key: str) -> Held | None:
    """The change `key`, held, if it is planned for now or before."""
    slug = session.scalar(Change.visible_to(system(), ArticleTranslation.slug).where(Change.key == key))
    held = hold(session, system(), slug) if slug else None
    change = held.change if held else None
    if change is None or change.key != key or change.state != State.SCHEDULED:
        return None
    return held if change.publish_at is not None and change.publish_at <= clock.now() else None


def on_unpublication_planned(site: Site, event: UnpublicationPlanned) -> None:
    """Take the article from its readers if its time has come."""
    with site.database.write() as session:
        article = session.scalars(Article.visible_to(system()).where(Article.key == event.key)).one_or_none()
        if article is not None and article.unpublish_at is not None and article.unpublish_at <= clock.now():
            _unpublish(session, article)


def _unpublish(session: Session, article: Article) -> None:
    for translation in languages_of(session, system(), article.id):
        translation.published_at = None
    article.published_at = article.unpublish_at = None
    article.edited_here = True  # an import does not bring it back
    hide(session, article)
    outbox.emit(session, ArticleChanged(article.key))


def purge_bin(site: Site) -> None:
    """A duty: what has lain in the bin for 30 days goes for good, a few articles in a transaction."""
    found = 1
    while found:
        with site.database.write() as session:
            found = shelf.purge_bin(session)
