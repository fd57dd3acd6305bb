"""The frame of the queues: tabs with figures, a greeting, the first queue in which something waits.

Others add a tab to `TABS` and draw their page with `queue_page`, in a template that extends editorial/_queues.html.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from editorial.views.blueprint import bp
from sportello.accounts.views.staff_index import StaffEntry
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.errors import N_
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import current_timezone
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session

NOON, EVENING = 12, 18  # hours
ENTRY = StaffEntry(
    Action.ARTICLE_HISTORY,
    "inboxes",
    N_("Queues"),
    N_("What waits for somebody who writes: reviews, drafts, the archive and the bin."),
    "editorial.queues",
)


@dataclass(frozen=True)
class QueueTab:
    """A duty in the row of tabs, for those whom the policy allows `action`.

    `label` is marked with N_ where it is written; `count` is how much waits there for this viewer. `place` orders the
    tabs; `work`: what stands there waits for somebody, so /queues may open it.
    """

    action: Action
    label: str
    endpoint: str
    count: Callable[[Session, Viewer], int]
    place: int = 50
    work: bool = True


TABS: list[QueueTab] = []


def tabs_for(session: Session, viewer: Viewer) -> list[tuple[QueueTab, int]]:
    """The viewer's tabs with their figures, in order."""
    tabs = sorted((tab for tab in TABS if allows(viewer, tab.action)), key=lambda tab: tab.place)
    return [(tab, tab.count(session, viewer)) for tab in tabs]


def queue_page(session: Session, template: str, **values: object) -> str:
    """A queue's page: `template` with the tabs, the current one among them, and a greeting."""
    viewer = current_viewer()
    return render_template(
        template,
        tabs=tabs_for(session, viewer),
        current_tab=request.endpoint,
        greeting=greeting((viewer.name.split() or [""])[0]),
        **values,
    )


def greeting(name: str) -> str:
    """By the hour in the person's time zone."""
    hour = clock.now().astimezone(current_timezone()).hour
    if hour < NOON:
        return str(_("Good morning, %(name)s.", name=name))
    return str(_("Good afternoon, %(name)s.", name=name) if hour < EVENING else _("Good evening, %(name)s.", name=name))


@bp.get("/queues")
@requires(Action.ARTICLE_HISTORY)
def queues() -> ResponseReturnValue:
    """The first queue in which something waits."""
    with read_session() as session:
        tabs = tabs_for(session, current_viewer())
    waiting = (tab for tab, count in tabs if tab.work and count)
    return redirect(url_for(next(waiting, tabs[0][0]).endpoint))
