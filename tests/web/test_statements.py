"""Pages ask the database the same number of questions, however much there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from kb.queries import kept
from sportello.core.db import Database
from sportello.web import gather
from tests.kb.articles import write
from tests.people import Cast
from tests.work import work_off

MOST = {"/": 16, "/kb": 16, "/kb/all": 12, "/kb/products/ledger": 12, "/search?q=rounding": 10}
MOST["/search/suggest?q=rou"] = 7
ARTICLE = 17
"""Statements of a whole request, the viewer included: raise a figure only with a reason. Five of a reading page look
which content it is, and at which moments of publication."""
AGAIN = {"/": 2, "/kb": 2, "/kb/all": 2, "/kb/products/ledger": 2}
AGAIN_ARTICLE = 6
"""The same, when nobody has changed anything since it was asked before: who is it, and the stamp of the content. An
article also asks for the person's own vote, and counts its opening; for those who write it asks where it stands."""
BELL, BANNER, FOLLOW, MARK = 1, 1, 1, 1
"""What a page of somebody who is signed in costs more: the bell's count, of whom has nothing unread; who licenses
products is asked for what they must acknowledge; what can be followed says how it is; an article is marked as seen."""


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Statements sent to either database meanwhile, without the beginnings of transactions."""
    sent: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(statement)

    engines = {database.engine, database.counters_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def fill(database: Database, numbers: range) -> str:
    """Articles of all kinds of neighbours: products, versions, tags, a category each ten; returns one's slug."""
    with database.write() as session:
        written = [
            write(
                session, f"Invoice rounding differs {number}", products=("ledger",), versions=("15.1",),
                tags=("shared", f"tag-{number % 7}"), codes=(f"LDG-{number}",), votes=(number % 5, 1),
                it=f"L'arrotondamento {number}", source="test", source_id=str(number),
            )
            for number in numbers
        ]  # fmt: skip
        return written[0].slug


@pytest.mark.parametrize("name", ["anonymous", "anna", "sara"])
def test_twice_the_content_is_the_same_number_of_statements(
    app: Flask,
    database: Database,
    cast: Cast,
    sign_in: Callable[[str], FlaskClient],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gather, "EVERY", 0.0)
    slug = fill(database, range(15))
    work_off(app)
    client = sign_in(name)
    pages = [*MOST, f"/kb/{slug}"]
    for address in pages:
        client.get(address).close()  # what is made once a process is not of interest

    def count(address: str, again: bool = False) -> int:
        if not again:
            kept.forget()
        with counted(database) as sent:
            answer = client.get(address)
            assert answer.status_code == 200, address
            answer.close()
        return len(sent)

    def most(address: str, figures: dict[str, int], article: int) -> int:
        personal = name != "anonymous" and "suggest" not in address
        licensed, followed = (
            personal and name == "anna",
            personal and address.startswith(("/kb/products/", f"/kb/{slug}")),
        )
        return figures.get(address, article + MARK * personal) + BELL * personal + BANNER * licensed + FOLLOW * followed

    before = {address: count(address) for address in pages}
    for address in (*AGAIN, pages[-1]):
        count(address)
        assert count(address, again=True) <= most(address, AGAIN, AGAIN_ARTICLE), address
    fill(database, range(100, 130))
    work_off(app)
    assert {address: count(address) for address in pages} == before
    assert {address: number for address, number in before.items() if number > most(address, MOST, ARTICLE)} == {}
