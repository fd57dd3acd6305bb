"""Importing: idempotent, resumable, honest about what it could not take."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kb.importer import JsonLines, Options, run_import
from kb.models import SlugReservation
from kb.queries import read_markdown
from kb.services import change_audience, revise
from search_index import mask
from sportello.accounts.models import Product
from sportello.core.audience import STAFF
from sportello.core.db import Database
from sportello.core.errors import Forbidden, Invalid
from sportello.core.outbox import OutboxRow
from tests.kb.articles import LADDER, SYSTEM, customer
from tests.kb.importing import Importer, article, found, markdown, record
from tests.people import Cast


def test_without_a_word_on_audience_it_is_for_staff(load: Importer, lines: Any, database: Database) -> None:
    path = lines(record("none"), record("own", audience="premium"), record("readership", audience="ITPro"))
    report = load(path)
    assert (report.new, report.bad) == (3, [])
    with database.read() as session:
        keys = [article(session, id).audience for id in ("none", "own", "readership")]
    assert keys == [STAFF, "premium", STAFF]


def test_the_audience_option_speaks_for_records_that_do_not(load: Importer, lines: Any, database: Database) -> None:
    path = lines(record("none"), record("own", audience="elite"), record("typo", audience="premuim"))
    report = load(path, audience="public")
    assert report.new == 2
    assert [bad.where for bad in report.bad] == ["articles.jsonl:3"]
    assert "premuim" in report.bad[0].reason
    with database.read() as session:
        assert [article(session, id).audience for id in ("none", "own")] == ["public", "elite"]
    with pytest.raises(Invalid):
        load(lines(record()), audience="gold")


def test_only_editors_import(database: Database, lines: Any, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        run_import(database, customer("elite"), JsonLines(lines(record())), Options(ladder=LADDER))


def test_a_second_run_changes_nothing_and_a_changed_record_only_itself(
    load: Importer, lines: Any, database: Database
) -> None:
    records = [record(f"r{number}", tags=["one", "two"], updated="2021-03-31") for number in range(5)]
    assert load(lines(*records)).new == 5
    with database.read() as session:
        slug, events = found(session, "r3").slug, len(session.scalars(select(OutboxRow)).all())
    again = load(lines(*records))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 5)
    with database.read() as session:
        assert len(session.scalars(select(OutboxRow)).all()) == events
    records[3] = record("r3", tags=["two"], updated="2021-04-01", title="Another title")
    third = load(lines(*records))
    assert (third.new, third.changed, third.unchanged) == (0, 1, 4)
    with database.read() as session:
        changed = found(session, "r3")
        assert (changed.title, changed.slug) == ("Another title", slug)
        assert [row.tag for row in article(session, "r3").tags] == ["two"]


def test_bad_records_are_named_with_their_line_and_the_rest_is_imported(
    load: Importer, lines: Any, database: Database
) -> None:
    bad: list[Any] = [
        "{not json", "[1, 2]", '"text"', "\ufeff" + json.dumps({"id": "x"}), record("", title="t"),
        record("no-title", title="  "), record("no-body", body_markdown=None), record("number-body", body_markdown=5),
        record("german", lang="de"), record("date", updated="yesterday"), record("long", title="x" * 301),
        record("big", body_markdown="x" * (256 * 1024 + 1)), record("good"), record("list-title", title=["a"]),
        '{"id": "half", "title": "\\ud800", "body_markdown": "x"}', "[" * 100_000, record("deep", votes=[1]),
    ]  # fmt: skip
    report = load(lines(record("good"), *bad, record("after")))
    assert report.new == 2
    assert sorted(int(one.where.split(":")[1]) for one in report.bad) == list(range(2, 2 + len(bad)))
    assert all(one.reason for one in report.bad)
    taken = next(one for one in report.bad if one.where == "articles.jsonl:14")
    assert "articles.jsonl:1" in taken.reason


def test_what_was_edited_here_is_kept_unless_overwritten(load: Importer, lines: Any, database: Database) -> None:
    path = lines(record("a"), record("b"))
    load(path)
    with database.write() as session:
        revise(session, SYSTEM, found(session, "a").slug, title="Mine", markdown="My words.")
    report = load(path)
    assert (report.kept, report.unchanged) == (["a"], 1)
    assert markdown(database, "a") == "My words."
    assert load(path, overwrite=True).changed == 1
    assert markdown(database, "a") == "Text of a."


def test_an_import_that_narrows_hides_at_once(load: Importer, lines: Any, database: Database) -> None:
    load(lines(record("a", audience="public"), record("b", audience="public")))
    load(lines(record("a", audience="elite"), record("b", audience="public")))
    with database.read() as session:
        assert {ref.key for ref in mask.masked_refs(session)} == {article(session, "a").key}


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    database: Database, lines: Any, cast: Cast, load: Importer
) -> None:
    load(lines(record("same"), record("other")))
    said: list[tuple[str, str]] = []
    path = lines(record("same"), record("other", title="New title"), record("more", product="unheard-of"))
    report = run_import(
        database, SYSTEM, JsonLines(path), Options(ladder=LADDER, dry_run=True, create_products=True),
        announce=lambda state, one: said.append((state, one.source_id)),
    )  # fmt: skip
    assert said == [("changed", "other"), ("new", "more")]
    assert (report.new, report.changed, report.unchanged) == (1, 1, 1)
    with database.read() as session:
        assert found(session, "other").title == "Title of other"
        assert session.scalars(select(Product).where(Product.code == "unheard-of")).all() == []
        assert session.scalars(select(SlugReservation)).all() == []


class Pulled(Exception):
    """The plug."""


def test_interrupted_it_goes_on_where_it_was(database: Database, lines: Any, cast: Cast, load: Importer) -> None:
    path = lines(*(record(f"n{number}", body_markdown=f"[next](n{number + 1}.md)") for number in range(250)))

    def pull(done: int, total: int) -> None:
        assert total == 250
        if done >= 200:
            raise Pulled

    with pytest.raises(Pulled):
        run_import(database, SYSTEM, JsonLines(path), Options(ladder=LADDER), progress=pull)
    report = load(path)
    assert (report.unchanged, report.new, report.changed) == (200, 50, 0)
    with database.read() as session:
        for number in (0, 150, 248):
            target = found(session, f"n{number + 1}").slug
            assert f"(/kb/{target})" in read_markdown(session, SYSTEM, found(session, f"n{number}").slug)[1]
        assert session.scalars(select(SlugReservation)).all() == []


def test_gzip_is_read_and_a_damaged_end_is_named(load: Importer, tmp_path: Path) -> None:
    text = "".join(json.dumps(record(f"z{number}", body_markdown="word " * 900)) + "\n" for number in range(300))
    whole = gzip.compress(text.encode())
    path = tmp_path / "articles.jsonl.gz"
    path.write_bytes(whole)
    assert load(path).new == 300
    path.write_bytes(whole[: len(whole) - 20])
    report = load(path)
    assert report.changed == 0
    assert report.unchanged > 0
    assert len(report.bad) == 1
    assert "damaged" in report.bad[0].reason


def test_an_audience_changed_here_survives_the_next_import(load: Importer, lines: Any, database: Database) -> None:
    load(lines(record("a")))
    with database.write() as session:
        change_audience(session, SYSTEM, found(session, "a").slug, "premium", ladder=LADDER)
    assert load(lines(record("a"))).kept == ["a"]
    with database.read() as session:
        assert article(session, "a").audience == "premium"
