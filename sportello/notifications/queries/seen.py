"""What somebody has opened, and when last."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sportello.core.types import Ref
from sportello.notifications.models import SeenMark

AT_ONCE = 1000
_MARKS = select(SeenMark.subject, SeenMark.seen_at).where(
    SeenMark.person_id == bindparam("person"), SeenMark.subject.in_(bindparam("subjects", expanding=True))
)


def seen_since(
    counters: Session, person_id: int, refs: Collection[Ref], since: datetime | None = None
) -> dict[Ref, datetime]:
    """Which of `refs` somebody has opened (since then), and when last. One statement a thousand refs."""
    found: dict[Ref, datetime] = {}
    wanted = sorted({str(ref) for ref in refs})
    for start in range(0, len(wanted), AT_ONCE):
        asked = {"person": person_id, "subjects": wanted[start : start + AT_ONCE]}
        found |= {Ref.parse(subject): at for subject, at in counters.execute(_MARKS, asked)}
    return {ref: at for ref, at in found.items() if since is None or at >= since}
