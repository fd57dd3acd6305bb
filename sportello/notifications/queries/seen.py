"""What somebody has opened, and when last."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.core.types import Ref
from sportello.notifications.models import SeenMark

AT_ONCE = 1000


def seen_since(
    counters: Session, person_id: int, refs: Collection[Ref], since: datetime | None = None
) -> dict[Ref, datetime]:
    """Which of `refs` somebody has opened (since then), and when last. One statement a thousand refs."""
    found: dict[Ref, datetime] = {}
    wanted = sorted({str(ref) for ref in refs})
    for start in range(0, len(wanted), AT_ONCE):
        marks = select(SeenMark.subject, SeenMark.seen_at).where(
            SeenMark.person_id == person_id, SeenMark.subject.in_(wanted[start : start + AT_ONCE])
        )
        if since is not None:
            marks = marks.where(SeenMark.seen_at >= since)
        found |= {Ref.parse(subject): at for subject, at in counters.execute(marks)}
    return found
