"""Staff pages of synonyms and pins: add, try, change, remove, undo; wrong input says what is wrong at its field."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from search_index.models import GapDecision, PinnedAnswer, Synonym
from sportello.core.db import Database
from tests.kb.articles import write
from tests.people import Cast
from tests.work import work_off

SignIn = Callable[[str], FlaskClient]
SYNONYMS, PINS = "/staff/synonyms", "/staff/pins"


@pytest.fixture
def slug(app: Flask, database: Database, cast: Cast) -> str:
    with database.write() as session:
        slug = write(session, "Split a pallet in two", it="Dividere un pallet").slug
        write(session, "For Elite: pallets by hand", "elite")
    work_off(app)
    return slug


def add(client: FlaskClient, words: str, **more: str) -> None:
    form = {"words": words, "language": "en", "one_way": "two", **more}
    assert client.post(f"{SYNONYMS}/edit", data=form).status_code == 303


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_added_synonyms_work_at_once_and_are_listed(sign_in: SignIn, slug: str) -> None:
    client, reader = sign_in("sara"), sign_in("anonymous")
    assert "No synonyms yet" in client.get(SYNONYMS).text
    assert "Nothing found" in reader.get("/search?q=forklifts").text
    add(client, "Forklift\npallet\n")
    assert slug in reader.get("/search?q=forklifts").text
    assert "forklift, pallet" in client.get(SYNONYMS).text


def test_the_box_shows_how_a_query_is_read(sign_in: SignIn, slug: str) -> None:
    client = sign_in("sara")
    add(client, "pos\npoint of sale", one_way="one")
    page = client.get(f"{SYNONYMS}?try=broken+pos&in=en").text
    assert '<li lang="en">point of sale' in page
    assert "Nothing is pinned to these words." in page
    assert "no synonym concerns" in client.get(f"{SYNONYMS}?try=broken+till").text
    assert client.get(f"{SYNONYMS}?try={'x' * 5000}%22%3E&in=zz").status_code == 200


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"words": ""}, "This is needed."),
        ({"words": "one"}, "at least two"),
        ({"words": "a b c d e\npos"}, "at most 4 words"),
        ({"words": "<b>x</b>\n<script>"}, None),
        ({"words": "pos\ntill", "language": "de"}, "Not a valid choice"),
        ({"words": "pos\ntill", "one_way": "three"}, "Not a valid choice"),
        ({"words": "pos\nthe"}, "so common"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_form_keeps_what_was_typed(
    sign_in: SignIn, cast: Cast, database: Database, form: dict[str, str], says: str | None
) -> None:
    answer = sign_in("sara").post(f"{SYNONYMS}/edit", data={"language": "en", "one_way": "two", **form})
    if says is None:
        assert answer.status_code == 303
        return
    assert answer.status_code == 400
    assert says in answer.text
    assert "is-invalid" in answer.text or "invalid-feedback" in answer.text
    assert form["words"].split("\n")[0] in answer.text
    with database.read() as session:
        assert session.scalars(select(Synonym)).all() == []


def test_synonyms_are_changed_removed_and_put_back(sign_in: SignIn, slug: str) -> None:
    client, reader = sign_in("sara"), sign_in("anonymous")
    add(client, "forklift\npallet")
    key = key_in(client.get(SYNONYMS).text)
    page = client.get(f"{SYNONYMS}/edit?key={key}").text
    assert "forklift\npallet" in page.replace("\r", "")
    form = {"words": "truck\npallet", "language": "en", "one_way": "two"}
    assert client.post(f"{SYNONYMS}/edit?key={key}", data=form).status_code == 303
    assert "Nothing found" in reader.get("/search?q=forklift").text
    assert slug in reader.get("/search?q=truck").text
    removed = client.post(f"{SYNONYMS}/remove", data={"key": key})
    page = client.get(removed.headers["Location"]).text
    assert "Removed: truck, pallet." in page
    assert "Nothing found" in reader.get("/search?q=truck").text
    assert client.post(f"{SYNONYMS}/restore").status_code == 303
    assert slug in reader.get("/search?q=truck").text
    assert client.post(f"{SYNONYMS}/restore").status_code == 404, "once"


def test_what_is_not_there_is_not_found(sign_in: SignIn, cast: Cast) -> None:
    client = sign_in("sara")
    for address in (f"{SYNONYMS}/edit?key=absent", f"{PINS}/edit?key=absent"):
        assert client.get(address).status_code == 404
    for address in (f"{SYNONYMS}/remove", f"{PINS}/remove", f"{PINS}/raise"):
        assert client.post(address, data={"key": "absent"}).status_code == 404


def test_a_pin_is_chosen_among_what_is_found_or_by_address(sign_in: SignIn, slug: str) -> None:
    client, reader = sign_in("sara"), sign_in("anonymous")
    form = {"query": "dock gantry", "language": "en"}
    looked = client.post(f"{PINS}/edit", data={**form, "article": "pallet", "do": "find"})
    assert looked.status_code == 200
    assert f'value="/kb/{slug}"' in looked.text
    assert "dock gantry" in looked.text
    lost = client.post(f"{PINS}/edit", data={**form, "article": "pallet"})
    assert lost.status_code == 400
    assert "No article has this address." in lost.text
    assert f'value="/kb/{slug}"' in lost.text, "it is offered"
    chosen = client.post(f"{PINS}/edit", data={**form, "article": "pallet", "chosen": f"/kb/{slug}"})
    assert chosen.status_code == 303
    page = reader.get("/search?q=dock+gantry").text
    assert "Picked by support" in page
    assert slug in page
    again = client.post(f"{PINS}/edit", data={**form, "article": slug})
    assert again.status_code == 400
    assert "pinned to these words already" in again.text
    listed = client.get(f"{PINS}?try=gantry+dock&in=en").text
    assert listed.count("Split a pallet in two") == 2, "in the list and in the box"


def test_pins_are_changed_removed_and_put_back(sign_in: SignIn, slug: str, database: Database) -> None:
    client, reader = sign_in("sara"), sign_in("anonymous")
    client.post(f"{PINS}/edit", data={"query": "dock gantry", "language": "en", "article": slug})
    key = key_in(client.get(PINS).text)
    assert f"/kb/{slug}" in client.get(f"{PINS}/edit?key={key}").text
    form = {"query": "yard gantry", "language": "en", "article": f"/kb/{slug}"}
    assert client.post(f"{PINS}/edit?key={key}", data=form).status_code == 303
    assert "Picked by support" in reader.get("/search?q=yard+gantry").text
    removed = client.post(f"{PINS}/remove", data={"key": key})
    assert "Removed: yard gantry." in client.get(removed.headers["Location"]).text
    assert "Nothing found" in reader.get("/search?q=yard+gantry").text
    client.post(f"{PINS}/restore")
    assert "Picked by support" in reader.get("/search?q=yard+gantry").text
    with database.read() as session:
        assert len(session.scalars(select(PinnedAnswer)).all()) == 1


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"query": "", "article": "x"}, "This is needed."),
        ({"query": "dock", "article": ""}, "This is needed."),
        ({"query": '"dock gantry"', "article": "SLUG"}, "words only"),
        ({"query": "?!", "article": "SLUG"}, "Write the words"),
        ({"query": "x" * 300, "article": "SLUG"}, "longer than 256"),
    ],
)
def test_a_wrong_pin_is_refused(sign_in: SignIn, slug: str, form: dict[str, str], says: str) -> None:
    form = {name: value.replace("SLUG", slug) for name, value in form.items()}
    answer = sign_in("sara").post(f"{PINS}/edit", data={"language": "en", **form})
    assert answer.status_code == 400
    assert says in answer.text


def test_a_gap_is_answered_by_a_synonym_or_a_pin(sign_in: SignIn, slug: str, database: Database) -> None:
    client = sign_in("sara")
    page = client.get(f"{SYNONYMS}/edit?words=forklift&language=en&from_gap=en:forklift").text
    assert "forklift\n" in page
    form = {"words": "forklift\npallet", "language": "en", "one_way": "two", "from_gap": "en:forklift"}
    answer = client.post(f"{SYNONYMS}/edit", data=form)
    assert answer.headers["Location"] == "/queues/gaps?done=en:forklift"
    client.post(f"{PINS}/edit", data={"query": "yard", "language": "en", "article": slug, "from_gap": "en:yard"})
    with database.read() as session:
        rows = session.scalars(select(GapDecision).order_by(GapDecision.id)).all()
    assert [(row.group, row.decision) for row in rows] == [("forklift", "synonym"), ("yard", "pinned")]


def test_the_staff_index_leads_there(sign_in: SignIn, cast: Cast) -> None:
    page = sign_in("sara").get("/staff").text
    assert f'href="{SYNONYMS}"' in page
    assert f'href="{PINS}"' in page


@pytest.mark.parametrize("name", ["anonymous", "anna", "elena"])
@pytest.mark.parametrize("address", [SYNONYMS, f"{SYNONYMS}/edit", PINS, f"{PINS}/edit"])
def test_customers_have_no_such_pages(sign_in: SignIn, cast: Cast, name: str, address: str) -> None:
    assert sign_in(name).get(address).status_code == 404
