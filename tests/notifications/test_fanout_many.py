"""Thousands of followers: a request that pays for one row, bounded batches, and a worker that is killed anywhere."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.notifications import fanout
from sportello.notifications.events import MailDue, UrgentMailDue
from sportello.notifications.levels import Level
from sportello.notifications.models import Delivery, Notice, Notification, Subscription
from sportello.notifications.services.announce import announce
from tests.notifications.telling import belled, mailed, spread, waiting
from tests.notifications.things import ALARM, FORUM, NEW_POST, Posts
from tests.people import Cast

MANY = 10_000


def crowd(database: Database, size: int, level: Level = Level.WATCHING) -> None:
    """So many people of no organisation who follow the forum."""
    now = clock.now()
    with database.write() as session:
        people = [
            {"key": f"c{n:09}", "email": f"c{n}@crowd.example", "name": f"Crowd {n}", "active": True, "created_at": now}
            for n in range(size)
        ]
        session.execute(insert(Person), people)
        ids = session.scalars(select(Person.id).where(Person.email.like("%@crowd.example"))).all()
        shared = {"kind": FORUM.kind, "topic": FORUM.key, "level": level, "changed_at": now}
        session.execute(insert(Subscription), [{"person_id": id, **shared} for id in ids])


def count(database: Database, model: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


class Statements:
    """How many statements a database is asked, and the most rows that one of them wrote."""

    def __init__(self, database: Database) -> None:
        self.count = self.rows = 0
        event.listen(database.engine, "before_cursor_execute", self._see)

    def _see(self, connection: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        self.count += 1


def test_ten_thousand_followers_cost_the_request_one_row_each(site: Site, posts: Posts) -> None:
    crowd(site.database, MANY)
    ref = posts.write("Totals differ")
    asked = Statements(site.database)
    begun = time.monotonic()
    with site.database.write() as session:
        notice = announce(session, NEW_POST.code, ref)
    assert time.monotonic() - begun < 0.5
    assert asked.count <= 5  # the notice, its event, and reading it back
    asked.count = 0
    assert spread(site) == MANY // fanout.BATCH + 1
    assert asked.count < 60 * (MANY // fanout.BATCH + 1)
    assert count(site.database, Notification) == count(site.database, Delivery) == MANY
    assert len(waiting(site.database, MailDue.name)) == 0  # due when the window ends
    with site.database.read() as session:
        told = session.get_one(Notice, notice.id)
    assert (told.told, told.finished_at is not None) == (MANY, True)


class Killed(BaseException):
    """The end of the process, as far as a test can play it."""


@pytest.mark.parametrize(
    ("module", "name", "after"),
    [
        (fanout, "next_step", False),
        (fanout, "queue_notifications", False),
        (fanout, "queue_mails", False),
        (fanout, "queue_mails", True),
        (fanout, "keep_step", True),
        (fanout, "tell_addresses", False),
        (fanout, "tell_addresses", True),
        (fanout, "tell_systems", True),
    ],
)
@pytest.mark.parametrize("when", [1, 2])
def test_killed_anywhere_everybody_is_told_once(
    site: Site,
    cast: Cast,
    posts: Posts,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    after: bool,
    when: int,
) -> None:
    monkeypatch.setattr(fanout, "BATCH", 1)
    with site.database.write() as session:
        notice = announce(session, ALARM.code, posts.write("Ledger loses entries", products=["ledger"]))
    calls, real = 0, getattr(module, name)

    def deadly(*values: Any) -> Any:
        nonlocal calls
        calls += 1
        result = real(*values) if calls != when or after else None
        if calls == when:
            raise Killed
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, name, deadly)
        try:
            spread(site)
        except Killed:
            assert calls == when
    spread(site)
    assert belled(site.database, notice) == mailed(site.database, notice) == sorted([cast.anna.id, cast.piero.id])
    assert len(waiting(site.database, UrgentMailDue.name)) == 2
    with site.database.read() as session:
        assert session.get_one(Notice, notice.id).told == 2


WORKER = """
import sys
from sportello.core.settings import Settings
from sportello.notifications.registry import Subject, registry
from sportello.portal.site import open_site
from sportello.notifications import fanout
from tests.notifications import things, telling
from pathlib import Path
fanout.BATCH = 250
settings = Settings(environment="development", secret_key="k" * 40, var_dir=Path(sys.argv[1]), database_url=sys.argv[2])
with things.a_feature() as posts:
    posts.write("Totals differ")
    print("ready", flush=True)
    telling.spread(open_site(settings))
"""


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nobody_and_tells_nobody_twice(site: Site, posts: Posts) -> None:
    crowd(site.database, MANY)
    with site.database.write() as session:
        notice = announce(session, NEW_POST.code, posts.write("Totals differ"))
    root = Path(__file__).parents[2]
    for goal in (1, 2_000, 5_000, 7_000):
        command = [sys.executable, "-c", WORKER, str(site.settings.var_dir), site.settings.database_url]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
            while count(site.database, Notification) < goal and worker.poll() is None:
                time.sleep(0.01)
            os.kill(worker.pid, signal.SIGKILL)
    assert 0 < count(site.database, Notification) < MANY
    spread(site)
    assert count(site.database, Notification) == count(site.database, Delivery) == MANY
    with site.database.read() as session:
        assert session.get_one(Notice, notice.id).told == MANY
