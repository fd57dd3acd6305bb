"""What the knowledge base tells people of, and when."""

from datetime import timedelta

from kb import letters
from kb.critical import ArticleMark
from kb.events import ArticlePublished
from kb.followables import Articles, Categories, Products, Tags
from kb.models import Article, ArticleTranslation, Significance
from kb.subjects import ARTICLE, ArticleSubjects
from sportello.core import clock
from sportello.core.audience import system
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.delivery.letters import LETTERS
from sportello.notifications.registry import EventType, Reach, Registry
from sportello.notifications.services.announce import announce

PUBLISHED = EventType(
    "article-published",
    N_("New articles"),
    N_("An article appears, or appears in your language, in what you follow."),
    Reach.FOLLOWERS,
    webhook=True,
    position=10,
)
UPDATED = EventType(
    "article-updated",
    N_("Changed articles"),
    N_("An article in what you follow says something new. Small corrections are not told."),
    Reach.FOLLOWERS,
    window=timedelta(minutes=10),
    webhook=True,
    position=20,
)
PUSHED = EventType(
    "article-pushed",
    N_("Articles that the editors point to"),
    N_("The editors ask every customer who may read an article to do so."),
    Reach.AUDIENCE,
    webhook=True,
    position=30,
)


def register(registry: Registry) -> None:
    """What the knowledge base brings to the notification service."""
    for event in (PUBLISHED, UPDATED, PUSHED):
        registry.add_event(event)
    registry.add_source(ArticleSubjects())
    registry.add_marker(ArticleMark())
    for followable in (Products(), Categories(), Tags(), Articles()):
        registry.add_followable(followable)
    LETTERS.update(letters.LETTERS)


def on_article_published(site: Site, event: ArticlePublished) -> None:
    """Announce what readers of a language have got, unless a later text has taken its place: that is announced.

    A language is new once only, also when it was taken from its readers and given back.
    """
    if event.significance == Significance.TYPO and not event.first:
        return
    columns = (ArticleTranslation.revision_id, ArticleTranslation.published_at)
    which = (Article.key == event.key, ArticleTranslation.language == event.language)
    with site.database.write() as session:
        row = session.execute(ArticleTranslation.visible_to(system(), *columns).where(*which)).one_or_none()
        if row is None or row.revision_id != event.revision_id:
            return
        if row.published_at is None or row.published_at > clock.now():
            return
        ref, kind = Ref(ARTICLE, event.key), PUBLISHED if event.first else UPDATED
        once = f"{kind.code}:{event.key}:{event.language}" + ("" if event.first else f":{event.revision_id}")
        announce(session, kind.code, ref, actor_id=event.actor_id, thread=ref, language=event.language, once=once)
