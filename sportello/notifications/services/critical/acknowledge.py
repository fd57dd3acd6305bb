"""A person says that they know; a company contact says it for everybody of their organisation."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.audience import Viewer, admits
from sportello.core.bulk import insert_into
from sportello.core.errors import N_, Conflict, Forbidden, NotFound
from sportello.core.policy import Action, require
from sportello.notifications.models import Acknowledgement, CriticalNotice, CriticalState, Notification
from sportello.notifications.queries.critical.reach import concerned
from sportello.notifications.queries.critical.subjects import KIND, OUT, abouts


def acknowledge(
    session: Session, actor: Viewer, key: str, version: int, *, for_organisation: bool = False
) -> CriticalNotice:
    """Note that the actor knows what `version` of the notice says; saying it again changes nothing.

    Raises NotFound (nothing that they may read), Forbidden (not a customer whom it concerns; not a contact), Conflict
    (it says something else by now, or was withdrawn).
    """
    notice = session.scalars(
        select(CriticalNotice).where(CriticalNotice.key == key, CriticalNotice.state.in_(OUT))
    ).one_or_none()
    about = abouts(session, [notice]).get(notice.subject) if notice else None
    if notice is None or about is None or not about.released or not admits(actor, about.audience):
        raise NotFound
    if actor.person_id is None or not concerned(actor, notice.products):
        raise Forbidden
    if for_organisation:
        require(actor, Action.CRITICAL_ANSWER)
    if notice.state == CriticalState.WITHDRAWN:
        raise Conflict(N_("This notice was withdrawn: there is nothing to acknowledge."))
    if version != notice.version:
        raise Conflict(N_("This notice was corrected meanwhile. Read what it says now, then acknowledge it."))
    _write(session, actor, notice, for_organisation)
    _read(session, actor, key)
    return notice


def _write(session: Session, actor: Viewer, notice: CriticalNotice, for_organisation: bool) -> None:
    """At most one row a person and version. Who has said it for themselves may say it for all afterwards."""
    values = {
        "critical_id": notice.id,
        "version": notice.version,
        "person_id": actor.person_id,
        "organisation_id": actor.organisation_id,
        "for_organisation": for_organisation,
        "at": clock.now(),
    }
    once = insert_into(session, Acknowledgement).values(values)
    place = [Acknowledgement.critical_id, Acknowledgement.version, Acknowledgement.person_id]
    if for_organisation:
        changed = {name: values[name] for name in ("organisation_id", "for_organisation", "at")}
        fresh = Acknowledgement.for_organisation.is_(False) | (Acknowledgement.organisation_id != actor.organisation_id)
        session.execute(once.on_conflict_do_update(index_elements=place, set_=changed, where=fresh))
    else:
        session.execute(once.on_conflict_do_nothing(index_elements=place))


def _read(session: Session, actor: Viewer, key: str) -> None:
    """What they were told of it counts as read."""
    unread = update(Notification).where(
        Notification.person_id == actor.person_id,
        Notification.kind == KIND,
        Notification.subject == key,
        Notification.read_at.is_(None),
    )
    session.execute(unread.values(read_at=clock.now()), execution_options={"synchronize_session": False})
