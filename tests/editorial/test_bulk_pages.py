"""The pages of changing many articles: filter, preview in counted words, start, progress, undo, refusals."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from editorial.models import BulkRun
from kb.models import Article
from sportello.core.db import Database
from tests.kb.articles import SYSTEM, write
from tests.people import Cast
from tests.work import work_off

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def library(database: Database, cast: Cast) -> None:
    with database.write() as session:
        for number in range(15):
            write(session, f"Ledger {number}", products=("ledger",), markdown="Words.")
        write(session, "Harbor <b>", "elite", products=("harbor",), markdown="Words.")


@pytest.mark.usefixtures("library")
def test_an_editor_narrows_many_articles_watches_and_undoes_it(app: Flask, database: Database, sign_in: SignIn) -> None:
    sara = sign_in("sara")
    page = sara.get("/queues/bulk?product=ledger").get_data(as_text=True)
    assert "15 articles" in page
    assert "and 3 more" in page
    answer = sara.post("/queues/bulk", data={"product": "ledger", "action": "audience", "to-audience": "premium"})
    assert answer.status_code == 303
    address = answer.headers["Location"]
    page = sara.get(address).get_data(as_text=True)
    assert "15 articles change." in page
    assert "15 become hidden from 2 organisations." in " ".join(page.split())
    assert "15 are public now and will not be." in page
    with database.read() as session:
        assert {row.audience for row in session.scalars(Article.visible_to(SYSTEM))} == {"public", "elite"}
    assert sara.post(f"{address}/start").status_code == 303
    assert "0 of 15 articles" in sara.get(address).get_data(as_text=True)
    assert sara.get(f"{address}/progress").get_json()["state"] == "waiting"
    assert sara.post(f"{address}/start").status_code == 409
    work_off(app)
    assert "15 articles were changed." in sara.get(address).get_data(as_text=True)
    assert sara.get(f"{address}/progress").get_json() == {
        "state": "done", "done": 15, "total": 15, "words": "15 of 15 articles"}  # fmt: skip
    assert sara.post(f"{address}/undo").status_code == 303
    work_off(app)
    assert "The change was undone." in sara.get(address).get_data(as_text=True)
    assert "Set the audience: premium" in sara.get("/queues/bulk").get_data(as_text=True)
    assert sara.post(f"{address}/undo").status_code == 409


@pytest.mark.usefixtures("library")
def test_a_refused_change_keeps_what_was_chosen_and_says_why(sign_in: SignIn, database: Database) -> None:
    sara = sign_in("sara")
    answer = sara.post("/queues/bulk", data={"product": "harbor", "action": "tag-add", "to-tag-add": " "})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "A tag has 1 to 80 characters." in page
    assert "1 article" in page
    assert 'value="tag-add" checked' in page
    assert "Harbor &lt;b&gt;" in page
    assert sara.post("/queues/bulk", data={}).status_code == 400
    assert sara.post("/queues/bulk", data={"action": "archive", "tag": "nowhere"}).status_code == 400
    wrong = sara.get("/queues/bulk?unverified=never")
    assert (wrong.status_code, "Give a day" in wrong.get_data(as_text=True)) == (200, True)
    with database.read() as session:
        assert session.query(BulkRun).count() == 0


@pytest.mark.usefixtures("library")
def test_nobody_else_finds_the_pages(sign_in: SignIn) -> None:
    sara = sign_in("sara")
    address = sara.post("/queues/bulk", data={"action": "archive"}).headers["Location"]
    for name in ("anonymous", "anna", "elena"):
        client = sign_in(name)
        for path in ("/queues/bulk", address, f"{address}/progress"):
            assert client.get(path).status_code == 404
        for path in ("/queues/bulk", f"{address}/start", f"{address}/undo"):
            assert client.post(path, data={"action": "archive"}).status_code == 404
    assert sara.get("/queues/bulk/abcdefghjk").status_code == 404
