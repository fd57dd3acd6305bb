"""Putting the running site together from its settings, for the worker and the command line."""

from kb import digest as article_digest
from kb import notices as article_notices
from kb.indexing import ArticleSource
from search_index.sources import register
from search_index.whoosh_engine import WhooshEngine
from sportello.accounts.plans import Plans
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.mail import make_mailer
from sportello.core.settings import Settings
from sportello.core.storage import FolderStorage
from sportello.notifications import critical
from sportello.notifications.registry import registry

register(ArticleSource())
article_notices.register(registry)
critical.register(registry)
article_digest.register(registry)


def open_site(settings: Settings, database: Database | None = None) -> Site:
    """Everything that handlers, commands and checks need. Raises SettingsError for a bad plans file or SMTP URL."""
    return Site(
        settings=settings,
        database=database or Database(settings.database, settings.counters_database),
        mailer=make_mailer(settings),
        media=FolderStorage(settings.media_dir),
        engine=WhooshEngine(settings.index_dir),
        plans=Plans.load(settings.plans_file or None),
    )


def prepare_folders(settings: Settings) -> None:
    """Create the site's folder, readable by its owner only."""
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
