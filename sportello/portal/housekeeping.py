"""The leading worker's duties by the clock: what is old goes, and the index is kept whole."""

import logging
from dataclasses import asdict
from datetime import timedelta

from editorial import handlers as editorial
from editorial.queries.files import files_being_written
from kb.reminders import remind_owners
from kb.services import attachments, views_count
from search_index import handlers as search
from search_index.engine import IndexDamaged
from sportello.accounts.services import sessions
from sportello.core import clock, limits, outbox
from sportello.core.handling import Site
from sportello.core.logs import fields
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.services import addresses, deliveries, purge, seen
from sportello.notifications.services.critical.end import remind_due
from sportello.portal.checks import UnknownAudiences, require_known_audiences
from sportello.portal.worker.duties import Duty

MINUTE, HOUR = 60.0, 3600.0
log = logging.getLogger(__name__)


def ensure_index_exists(site: Site) -> None:
    """Build the index when there is none, or its manifest cannot be read: cheap enough to ask every few seconds."""
    try:
        missing = site.engine.manifest() is None
    except IndexDamaged:
        missing = True
    if missing:
        search.ensure_index(site)


def purge_outbox(site: Site) -> None:
    """Finished events are kept 7 days."""
    with site.database.write() as session:
        outbox.purge(session)


def purge_sessions(site: Site) -> None:
    """Sessions that ended a while ago."""
    with site.database.write() as session:
        sessions.purge(session)


def purge_limits(site: Site) -> None:
    """Windows that have ended."""
    with site.database.counters() as session:
        limits.purge(session)


def purge_views(site: Site) -> None:
    """Openings of articles are counted for two years."""
    with site.database.counters() as session:
        views_count.purge_views(session)


def purge_addresses(site: Site) -> None:
    """Registered addresses that have not confirmed in 30 days."""
    with site.database.write() as session:
        addresses.purge_unconfirmed(session)


def note_dead_letters(site: Site) -> None:
    """Deliveries on which the worker gave up are shown as such."""
    with site.database.read() as session:
        if not deliveries.has_given_up(session):
            return
    with site.database.write() as session:
        deliveries.note_given_up(session)


def purge_notices(site: Site) -> None:
    """Notifications are kept 180 days, deliveries 90, what webhooks answered 30."""
    purge.purge_notices(site.database)
    purge.purge_attempts(site.database)


def keep_seen(site: Site) -> None:
    """What people opened counts as read for good, and is forgotten after 90 days."""
    seen.settle_seen(site.database, since=clock.now() - timedelta(days=1))
    seen.purge_seen(site.database)


def check_audiences(site: Site) -> None:
    """Say in the log which rows have an audience that the plans file does not know (web and worker would not start)."""
    try:
        require_known_audiences(site.database, site.plans.ladder)
    except UnknownAudiences as error:
        log.error("%s", error)


def sweep_files(site: Site) -> None:
    """Uploads that came to nothing, bytes that nothing names, what broken uploads left; a day old at least."""
    swept = attachments.sweep_files(site.database, site.media, files_being_written)
    if swept != attachments.Swept():
        log.info("files swept", extra=fields(**asdict(swept)))


def duties() -> list[Duty]:
    """All of them, fresh: each is due at once."""
    return [
        Duty("index", 5.0, ensure_index_exists),
        Duty("index read through", HOUR, search.ensure_index),
        Duty("audiences", HOUR, check_audiences),
        Duty("limits", 10 * MINUTE, purge_limits),
        Duty("outbox", HOUR, purge_outbox),
        Duty("sessions", HOUR, purge_sessions),
        Duty("files", HOUR, sweep_files),
        Duty("search log", HOUR, search.purge_log),
        Duty("article views", HOUR, purge_views),
        Duty("verification", 15 * MINUTE, remind_owners),
        Duty("bin", HOUR, editorial.purge_bin),
        Duty("dead letters", MINUTE, note_dead_letters),
        Duty("notices", HOUR, purge_notices),
        Duty("addresses", HOUR, purge_addresses),
        Duty("seen marks", HOUR, keep_seen),
        Duty("digests", 5.0, queue_digests),
        Duty("critical reminders", 5 * MINUTE, remind_due),
    ]
