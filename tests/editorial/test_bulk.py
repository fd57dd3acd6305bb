"""Changing many articles at once: the set is fixed, batches survive anything, one undo, readers lose nothing early."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.models import BulkRun
from editorial.queries.bulk import Selection, chosen_count, chosen_keys, first_rows, get_run
from editorial.queries.effect import effect_of
from editorial.services import bulk
from editorial.services.bulk import run as running
from kb.models import Article
from kb.queries import readable_slugs
from kb.services import change_audience, ensure_category
from search_index import mask
from sportello.accounts.models import AuditEntry, Person
from sportello.core.audience import Role, Viewer, anonymous
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from sportello.core.outbox import OutboxRow
from sportello.core.settings import Settings
from tests.editorial.writing import viewer
from tests.kb.articles import SYSTEM, customer, write
from tests.people import LADDER, Cast
from tests.work import work_off

Make = Callable[..., list[str]]


@pytest.fixture
def made(database: Database, cast: Cast) -> list[str]:
    """Twelve articles of Ledger for everybody and three of Harbor for Elite; their slugs."""
    with database.write() as session:
        ensure_category(session, SYSTEM, "billing")
        ledger: Any = {"products": ("ledger",), "versions": ("15.1",), "tags": ("old",)}
        rows = [write(session, f"Ledger {n}", **ledger) for n in range(12)]
        rows += [write(session, f"Harbor {n}", "elite", products=("harbor",), it=f"Porto {n}") for n in range(3)]
        return [row.slug for row in rows]


LEDGER = Selection(product="ledger")


def begin(session: Session, selection: Selection, action: str, value: str = "") -> BulkRun:
    run = bulk.preview(session, SYSTEM, selection, action, value, ladder=LADDER)
    session.flush()
    return bulk.start(session, SYSTEM, run.key)


def run_through(database: Database, key: str, batch: int = 5) -> BulkRun:
    more = True
    while more:
        with database.write() as session:
            more = bulk.advance(session, key, batch)
    with database.read() as session:
        return get_run(session, SYSTEM, key)


def articles(session: Session) -> list[Article]:
    return list(session.scalars(Article.visible_to(SYSTEM).order_by(Article.id)))


CHANGES: list[tuple[str, str, Callable[[Article], Any], Any, Any]] = [
    ("product-add", "harbor", lambda row: [p.code for p in row.products], ["ledger"], ["harbor", "ledger"]),
    ("product-remove", "ledger", lambda row: [len(row.products), len(row.versions)], [1, 1], [0, 0]),
    ("category", "billing", lambda row: row.category and row.category.code, None, "billing"),
    ("audience", "premium", lambda row: row.audience, "public", "premium"),
    ("owner", "p-sara", lambda row: row.owner_id is not None, False, True),
    ("archive", "", lambda row: (row.archived_at is None, row.published_at is None), (True, False), (False, True)),
    ("tag-add", " new  tag ", lambda row: [t.tag for t in row.tags], ["old"], ["new tag", "old"]),
    ("tag-remove", "old", lambda row: [t.tag for t in row.tags], ["old"], []),
]


@pytest.mark.parametrize(("action", "value", "seen", "before", "after"), CHANGES, ids=[row[0] for row in CHANGES])
def test_every_change_is_made_and_undone(
    database: Database, made: list[str], action: str, value: str, seen: Any, before: Any, after: Any
) -> None:
    with database.write() as session:
        key = begin(session, LEDGER, action, value).key
    run = run_through(database, key)
    assert (run.state, run.done, len(run.before), run.failed) == ("done", 12, 12, {})
    with database.read() as session:
        rows = articles(session)
        assert [seen(row) for row in rows[:12]] == [after] * 12
        assert [row.audience for row in rows[12:]] == ["elite"] * 3
        assert all(row.edited_here for row in rows[:12])
    with database.write() as session:
        bulk.undo(session, SYSTEM, key)
    run = run_through(database, key)
    assert (run.state, run.done, run.before, run.failed) == ("undone", 0, {}, {})
    with database.read() as session:
        assert [seen(row) for row in articles(session)[:12]] == [before] * 12
        assert not any(row.edited_here for row in articles(session))
        notes = [row.action for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert notes[-2:] == ["article.bulk", "article.bulk.undo"]
    with database.write() as session, pytest.raises(Conflict):
        bulk.undo(session, SYSTEM, key)


def test_versions_in_another_order_are_no_change_of_somebody_else(database: Database, cast: Cast) -> None:
    several: Any = {"products": ("ledger", "harbor"), "versions": ("4.2", "15.1", "15.0", "4.1")}
    with database.write() as session:
        write(session, "Reconcile", **several)
        key = begin(session, LEDGER, "product-add", "foundry").key
    run_through(database, key)
    with database.write() as session:
        bulk.undo(session, SYSTEM, key)
    run = run_through(database, key)
    assert (run.state, run.before, run.failed) == ("undone", {}, {})
    with database.read() as session:
        (row,) = articles(session)
        assert [product.code for product in row.products] == ["harbor", "ledger"]
        assert {version.name for version in row.versions} == {"4.2", "4.1", "15.1", "15.0"}


def test_the_articles_are_those_of_the_preview(database: Database, made: list[str]) -> None:
    with database.write() as session:
        run = bulk.preview(session, SYSTEM, LEDGER, "audience", "elite", ladder=LADDER)
        write(session, "Later", products=("ledger",))
        session.flush()
        assert [row.audience for row in articles(session)][:12] == ["public"] * 12
        bulk.start(session, SYSTEM, run.key)
        with pytest.raises(Conflict):
            bulk.start(session, SYSTEM, run.key)
    run_through(database, run.key)
    with database.read() as session:
        assert [row.audience for row in articles(session)] == ["elite"] * 15 + ["public"]


def test_narrowing_is_effective_in_the_transaction_that_does_it(database: Database, made: list[str]) -> None:
    with database.write() as session:
        key = begin(session, LEDGER, "audience", "premium").key
    with database.write() as session:
        assert bulk.advance(session, key, 5)
    with database.read() as session:
        narrowed = {row.key for row in articles(session) if row.audience == "premium"}
        assert len(narrowed) == 5
        assert {ref.key for ref in mask.masked_refs(session)} == narrowed
        assert readable_slugs(session, anonymous(), made[:12]) == set(made[5:12])


class Pulled(Exception):
    """The plug."""


def test_interrupted_between_and_within_batches_it_goes_on_and_does_nothing_twice(
    database: Database, made: list[str]
) -> None:
    with database.write() as session:
        key = begin(session, LEDGER, "tag-add", "x").key
    with database.write() as session:
        bulk.advance(session, key, 5)
    with suppress(Pulled), database.write() as session:
        bulk.advance(session, key, 5)
        session.flush()
        raise Pulled
    with database.read() as session:
        run = get_run(session, SYSTEM, key)
        assert (run.state, run.done, len(run.before)) == ("running", 5, 5)
        assert sum(any(tag.tag == "x" for tag in row.tags) for row in articles(session)) == 5
    run = run_through(database, key)
    assert (run.state, run.done, len(run.before)) == ("done", 12, 12)
    with database.write() as session:
        assert not bulk.advance(session, key)
    with database.read() as session:
        events = [row.payload["keys"] for row in session.scalars(select(OutboxRow)) if row.name == "ArticlesChanged"]
    told = [one for keys in events for one in keys]
    assert len(told) == len(set(told)) == 12


@pytest.mark.parametrize("happened", ["left", "demoted"])
def test_what_an_editor_started_ends_with_their_rights(
    database: Database, cast: Cast, made: list[str], happened: str
) -> None:
    sara = viewer(cast.sara)
    with database.write() as session:
        run = bulk.preview(session, sara, LEDGER, "audience", "elite", ladder=LADDER)
        session.flush()
        key = bulk.start(session, sara, run.key).key
        assert bulk.advance(session, key, 5)
    with database.write() as session:
        person = session.get_one(Person, cast.sara.id)
        if happened == "left":
            person.active = False
        else:
            person.role_rows[:] = [row for row in person.role_rows if row.role == Role.AGENT]
    run = run_through(database, key)
    assert (run.state, len(run.failed), len(run.before)) == ("done", 7, 5)
    with database.read() as session:
        assert len([row for row in articles(session) if row.audience == "public"]) == 7


def test_undo_leaves_what_was_changed_since_and_says_which(database: Database, made: list[str]) -> None:
    with database.write() as session:
        key = begin(session, LEDGER, "audience", "premium").key
    run_through(database, key)
    with database.write() as session:
        change_audience(session, SYSTEM, made[3], "elite", ladder=LADDER)
        bulk.undo(session, SYSTEM, key)
    run = run_through(database, key)
    with database.read() as session:
        rows = articles(session)
        assert [row.audience for row in rows[:12]] == ["public"] * 3 + ["elite"] + ["public"] * 8
        assert run.failed == {rows[3].key: [running.SINCE, {}]}


def test_what_cannot_be_changed_is_listed_and_the_rest_is(database: Database, made: list[str]) -> None:
    with database.write() as session:
        run = bulk.preview(session, SYSTEM, LEDGER, "category", "billing", ladder=LADDER)
        bulk.start(session, SYSTEM, run.key)
        gone = next(row for row in articles(session) if row.key == run.articles[2])
        gone.binned_at = gone.created_at
    done = run_through(database, run.key)
    assert done.failed == {gone.key: [running.GONE, {}]}
    assert len(done.before) == 11


def test_the_effect_is_counted_in_articles_and_organisations(database: Database, made: list[str]) -> None:
    def effect(selection: Selection, action: str, value: str = "") -> Any:
        with database.write() as session:
            run = bulk.preview(session, SYSTEM, selection, action, value, ladder=LADDER)
            session.flush()
            return effect_of(session, SYSTEM, run, LADDER)

    narrow = effect(LEDGER, "audience", "premium")  # Xtreme's organisation and the expired one lose
    assert (narrow.articles, narrow.hidden, narrow.loses, narrow.closed, narrow.gains) == (12, 12, 2, 12, 0)
    wide = effect(Selection(product="harbor"), "audience", "premium")
    assert (wide.articles, wide.shown, wide.gains, wide.hidden) == (3, 3, 1, 0)
    away = effect(Selection(), "archive")
    assert (away.articles, away.hidden, away.loses) == (15, 15, 4)
    tag = effect(Selection(), "tag-add", "old")
    assert (tag.articles, tag.same, tag.hidden) == (15, 12, 0)
    assert effect(Selection(), "category", "").same == 15
    assert effect(Selection(), "owner", "p-sara").same == 0


def test_the_filter_chooses_by_everything_it_offers(database: Database, made: list[str]) -> None:
    def count(**chosen: str) -> int:
        with database.read() as session:
            found = chosen_count(session, SYSTEM, Selection.from_fields(chosen))
            keys = chosen_keys(session, SYSTEM, Selection.from_fields(chosen), 100)
            assert len(set(keys)) == len(keys) == found
            assert len(first_rows(session, SYSTEM, Selection.from_fields(chosen))) == min(12, found)
            return found

    assert count() == 15
    assert count(product="harbor") == count(audience="elite") == count(language="it") == 3
    assert count(tag="old") == count(kind="reference", tag="old") == 12
    assert count(q="porto 2") == count(q="harbor 2") == 1
    assert count(owner="nobody") == count(unverified="2026-01-01") == count(confidence="validated") == 15
    assert count(owner="p-sara") == count(category="billing") == count(state="archived") == count(state="draft") == 0
    assert count(state="all") == 15
    with database.read() as session, pytest.raises(Invalid):
        chosen_count(session, SYSTEM, Selection(unverified="yesterday"))


@pytest.mark.parametrize(
    ("action", "value"),
    [("product-add", "none"), ("category", "none"), ("audience", "gold"), ("owner", "p-anna"), ("owner", "none"),
     ("tag-add", " "), ("tag-add", "x" * 81), ("explode", "")],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_chosen(
    session: Session, cast: Cast, action: str, value: str
) -> None:
    write(session, "One")
    with pytest.raises(Invalid):
        bulk.preview(session, SYSTEM, Selection(), action, value, ladder=LADDER)
    with pytest.raises(Invalid):
        bulk.preview(session, SYSTEM, Selection(tag="nowhere"), "archive", "", ladder=LADDER)


def test_only_editors_choose_start_and_undo(session: Session, cast: Cast) -> None:
    from sportello.core.audience import Role

    write(session, "One")
    run = bulk.preview(session, SYSTEM, Selection(), "archive", "", ladder=LADDER)
    session.flush()
    agent = Viewer(audiences=SYSTEM.audiences, person_id=5, roles=frozenset({Role.AGENT}))
    for who in (agent, customer("elite"), anonymous()):
        with pytest.raises(Forbidden):
            bulk.preview(session, who, Selection(), "archive", "", ladder=LADDER)
        for act in (bulk.start, bulk.undo):
            with pytest.raises(Forbidden):
                act(session, who, run.key)
        with pytest.raises(Forbidden):
            chosen_count(session, who, Selection())
    with pytest.raises(NotFound):
        bulk.start(session, SYSTEM, "abcdefghjk")


def test_the_worker_does_it_and_search_follows(app: Flask, database: Database, made: list[str]) -> None:
    work_off(app)
    with database.write() as session:
        key = begin(session, LEDGER, "audience", "premium").key
    work_off(app)
    with database.read() as session:
        assert get_run(session, SYSTEM, key).state == "done"
        assert mask.masked_refs(session) == frozenset()
    answer = app.test_client().get("/search?q=ledger").get_data(as_text=True)
    assert not [slug for slug in made if slug in answer]


WORKER = """
import sys
from pathlib import Path
from sportello.core.settings import Settings
from sportello.portal.site import open_site
from sportello.portal.wiring import make_worker
from editorial.services.bulk import run
run.BATCH, run.BREATH = 5, 0.05
settings = Settings(secret_key="x" * 32, environment="development", var_dir=Path(sys.argv[1]), database_url=sys.argv[2])
site = open_site(settings)
print("ready", flush=True)
make_worker(site).run()
"""


@pytest.mark.slow
def test_killed_while_it_runs_the_next_worker_goes_on(
    app: Flask, settings: Settings, database: Database, cast: Cast
) -> None:
    with database.write() as session:
        for number in range(120):
            write(session, f"Article {number}", markdown="Words.")
    work_off(app)
    with database.write() as session:
        key = begin(session, Selection(), "audience", "premium").key

    def worker() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", WORKER, str(settings.var_dir), settings.database_url]
        return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=os.getcwd())

    def wait_for(reached: Callable[[BulkRun], bool]) -> BulkRun:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with database.read() as session:
                run = get_run(session, SYSTEM, key)
            if reached(run):
                return run
            time.sleep(0.02)
        raise AssertionError(f"the run stands at {run.state} {run.done}")

    first = worker()
    wait_for(lambda run: run.done >= 20)
    first.send_signal(signal.SIGKILL)
    first.wait()
    with database.read() as session:
        stands = get_run(session, SYSTEM, key)
        changed = sum(row.audience == "premium" for row in articles(session))
    assert stands.state == "running"
    assert stands.done == len(stands.before) == changed < 120
    second = worker()
    try:
        run = wait_for(lambda run: run.state == "done")
    finally:
        second.terminate()
        second.wait()
    assert (run.done, len(run.before), run.failed) == (120, 120, {})
    with database.read() as session:
        assert {row.audience for row in articles(session)} == {"premium"}
        keys = [row.payload["keys"] for row in session.scalars(select(OutboxRow)) if row.name == "ArticlesChanged"]
    assert sorted(one for some in keys for one in some) == sorted(run.articles)
