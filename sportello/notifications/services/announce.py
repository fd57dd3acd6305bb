"""Announcing: what a feature does when somebody must be told, and calling that off. The worker does the rest."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sportello.core import clock, keys, outbox
from sportello.core.bulk import insert_into
from sportello.core.types import Ref
from sportello.notifications.events import NoticePosted
from sportello.notifications.models import Notice
from sportello.notifications.registry import Reach, registry


def announce(
    session: Session,
    event: str,
    subject: Ref,
    *,
    actor_id: int | None = None,
    thread: Ref | None = None,
    people: Collection[int] | None = None,
    like: Notice | None = None,
    says: Mapping[str, str] | None = None,
    at: datetime | None = None,
    language: str | None = None,
    once: str | None = None,
) -> Notice:
    """Have everybody told who is to hear of `event` of `subject`, in the caller's transaction, whoever they are then.

    `actor_id` does not hear of what they did themselves. `thread`: mails of one stand together in a mailbox.
    `people`: for events that reach named people; `like`: for those that reach who heard of an earlier notice.
    `says`: a sentence by language. `at`: not before. `language`: only who is told in it. `once`: names the occasion;
    the notice of an occasion that was announced already is returned, and nothing else happens.
    Raises ValueError for an event that no feature registered, or that lacks what it needs.
    """
    kind = registry.events.get(event)
    if kind is None:
        raise ValueError(f"no feature registered the event {event!r}")
    if (kind.reach == Reach.DIRECT) != (people is not None) or (kind.reach == Reach.SAME) != (like is not None):
        raise ValueError(f"{event!r} reaches {kind.reach}: name people for direct, and a notice for same")
    values = {
        "key": keys.new_key(),
        "event": event,
        "subject": str(subject),
        "thread": str(thread) if thread else "",
        "actor_id": actor_id,
        "people": sorted(set(people)) if people is not None else None,
        "like_id": like.id if like else None,
        "says": {code: text for code, text in (says or {}).items() if text.strip()},
        "language": language,
        "once": once,
        "created_at": max(at, clock.now()) if at else clock.now(),
        "cursor": 0,
        "told": 0,
    }
    insert = insert_into(session, Notice).values(values).on_conflict_do_nothing(index_elements=[Notice.once])
    made = session.scalar(insert.returning(Notice.id))
    if made is None:
        return session.scalars(select(Notice).where(Notice.once == once)).one()
    outbox.emit(session, NoticePosted(str(values["key"])), available_at=at)
    return session.get_one(Notice, made)


def call_off(session: Session, *, ids: Collection[int] = (), once: str = "") -> None:
    """Nobody else hears of these notices, or of the one of an occasion: what waits for its time is not told then, and
    where people are being told just now, that ends here. What is told stays told."""
    which = or_(Notice.id.in_(ids), Notice.once == once) if once else Notice.id.in_(ids)
    unfinished = update(Notice).where(which, Notice.finished_at.is_(None))
    session.execute(unfinished.values(finished_at=clock.now()), execution_options={"synchronize_session": False})
