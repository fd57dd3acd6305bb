"""Links that lead nowhere, or not for everybody who reads the text."""

import time
from typing import Any
from weakref import WeakKeyDictionary

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial.views.blueprint import bp
from editorial.views.queues import TABS, QueueTab, queue_page
from editorial.views.readers import audience_groups, site_plans
from kb.queries import broken_links
from kb.queries.pointers import Fault
from sportello.core.audience import Viewer
from sportello.core.errors import N_
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.session import read_session

SLOW, FRESH = 0.05, 30.0  # seconds
_counted: WeakKeyDictionary[Any, tuple[float, float, int]] = (
    WeakKeyDictionary()
)  # by database: when, how long, how many
FAULTS = {
    Fault.MISSING: N_("Leads nowhere"),
    Fault.BINNED: N_("Leads into the bin"),
    Fault.ARCHIVED: N_("Leads to an archived article"),
    Fault.UNPUBLISHED: N_("Leads to something unpublished"),
    Fault.NARROWER: N_("Not for all readers of this article"),
}


@bp.get("/queues/links")
@requires(Action.ARTICLE_HISTORY)
def queue_links() -> ResponseReturnValue:
    """Every broken link of a published text, the worst first."""
    with read_session() as session:
        links = broken_links(session, current_viewer(), site_plans().ladder)
        readers = dict(choice for group in audience_groups(session) for choice in group.choices)
        return queue_page(session, "editorial/links.html", links=links, faults=FAULTS, readers=readers)


def _count(session: Session, viewer: Viewer) -> int:
    """The figure of the tab, which stands on every queue: on a large site the one of up to half a minute ago. (Who
    sees it writes, and so reads everything.)"""
    bind = session.get_bind()
    at, took, known = _counted.get(bind, (0.0, 0.0, 0))
    now = time.monotonic()
    if took > SLOW and now - at < FRESH:
        return known
    found = len(broken_links(session, viewer, site_plans().ladder))
    _counted[bind] = (now, time.monotonic() - now, found)
    return found


TABS.append(QueueTab(Action.ARTICLE_HISTORY, N_("Broken links"), "editorial.queue_links", _count, 80))
