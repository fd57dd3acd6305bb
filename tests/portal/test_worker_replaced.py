"""A worker that slept through its lease in the middle of a batch does not race the one that took over."""

import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sportello.core import outbox
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.outbox import Event
from sportello.portal.worker.lanes import RowLane

PEOPLE = [f"person{number}" for number in range(10)]


@dataclass(frozen=True)
class PostcardWanted(Event):
    """Something to be sent."""

    person: str


@pytest.fixture
def site(settings: Any, database: Database) -> Site:
    return Site(settings=settings, database=database, mailer=None, media=None, engine=None, plans=None)  # type: ignore[arg-type]


def test_what_another_worker_has_taken_over_is_left_to_it(site: Site) -> None:
    """The first is frozen while it sends one; the second takes all of it over, and both go on."""
    sent: list[str] = []
    frozen, thaw = threading.Event(), threading.Event()

    def send(site: Site, event: PostcardWanted) -> None:
        sent.append(event.person)
        if len(sent) == 3:
            frozen.set()
            thaw.wait(10)

    first, second = (RowLane(replace(site), {PostcardWanted: (send,)}) for _ in range(2))
    with site.database.write() as session:
        outbox.emit_many(session, [PostcardWanted(person) for person in PEOPLE])
    with site.database.write() as session:
        mine = outbox.claim(session, "first", first.names)
    thread = threading.Thread(target=first.handle, args=(mine,))
    thread.start()
    assert frozen.wait(10)
    with site.database.write() as session:
        outbox.release_claims(session)  # what a new leader does first
    with site.database.write() as session:
        theirs = outbox.claim(session, "second", second.names)
    thaw.set()
    thread.join(10)
    second.handle(theirs)
    assert sorted(sent) == PEOPLE
