"""What the worker does for search. Level-triggered: whatever the event, the index becomes what the database
says now.

The portal's wiring maps every event to the refs that it touches and gives them to `update_index`; the
request for a rebuild is the ref `REBUILD`, so that it is done in the one thread that writes the index.
"""

from collections.abc import Sequence

from search_index import log as search_log
from search_index import rebuild as building
from search_index.engine import IndexDamaged
from search_index.rebuild import IndexRebuildRequested
from sportello.core.handling import Site
from sportello.core.types import Ref

REBUILD = Ref("index", "rebuild")
REBUILD_ANYWAY = Ref("index", "rebuild-anyway")


def rebuild_refs(event: IndexRebuildRequested) -> list[Ref]:
    """The ref that stands for a rebuild: one that is asked for is done even if the index is whole."""
    return [REBUILD_ANYWAY if event.reason == "asked" else REBUILD]


def update_index(site: Site, refs: Sequence[Ref]) -> None:
    """Make the index equal to the database for `refs`; rebuild it if it is missing, damaged or asked for."""
    documents = [ref for ref in refs if ref not in (REBUILD, REBUILD_ANYWAY)]
    wanted = REBUILD_ANYWAY in refs or (REBUILD in refs and not building.is_whole(site.engine))
    if wanted or not _exists(site):
        building.rebuild(site.engine, site.database)
        return
    try:
        building.update(site.engine, site.database, documents)
    except IndexDamaged:
        building.rebuild(site.engine, site.database)


def ensure_index(site: Site) -> None:
    """A duty: build the index if there is none or it cannot be read."""
    if not building.is_whole(site.engine):
        building.rebuild(site.engine, site.database)


def purge_log(site: Site) -> None:
    """A duty: forget searches older than the setting says."""
    with site.database.counters() as session:
        search_log.purge(session, site.settings.search_log_days)


def _exists(site: Site) -> bool:
    try:
        return site.engine.manifest() is not None
    except IndexDamaged:
        return False
