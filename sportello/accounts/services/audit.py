"""The audit log: who changed what, written in the transaction of the change."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sportello.accounts.models import AuditEntry
from sportello.core import clock
from sportello.core.audience import Viewer


def record(
    session: Session,
    actor: Viewer,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> bool:
    """Write one entry; of `before` and `after` only what differs is kept. False if nothing differs.

    Without both, the entry is written as it is: an action that has no fields (a reset, a sign-out).
    """
    old, new = dict(before or {}), dict(after or {})
    changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if (old or new) and not changed:
        return False
    details = {
        "before": {key: old[key] for key in changed if key in old},
        "after": {key: new[key] for key in changed if key in new},
    }
    entry = AuditEntry(at=clock.now(), actor_id=actor.person_id, actor=actor.name or "system", action=action)
    entry.subject, entry.details = subject[:300], details
    session.add(entry)
    return True
