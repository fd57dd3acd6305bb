"""The queue of what to look at again, and the bar over an article: what staff see and do, and nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from editorial.services import bin_article
from kb.models import Article, Confidence
from kb.queries import get_article
from kb.services import unpublish
from sportello.core import clock
from sportello.core.db import Database
from tests.kb.articles import SYSTEM, write
from tests.people import Cast

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    """An article of Sara's that is due."""
    long_ago = clock.now() - timedelta(days=500)
    with database.write() as session:
        return write(session, "Totals differ", products=("ledger",), verified_at=long_ago, owner=cast.sara.email).slug


def article(database: Database, slug: str) -> Article:
    with database.read() as session:
        return get_article(session, SYSTEM, slug).article


def test_one_click_in_the_queue_verifies_and_comes_back(sign_in: SignIn, slug: str, database: Database) -> None:
    sara, queue = sign_in("sara"), "/queues/verify?whose=mine&product=ledger"
    page = sara.get(queue).text
    assert "Totals differ" in page
    assert "1 article is due." in page
    assert "Due since" in page
    answer = sara.post(f"/kb/{slug}/verify", data={"back": queue})
    assert (answer.status_code, answer.location) == (303, queue)
    after = sara.get(queue).text
    assert "is verified as of now." in after
    assert "Nothing is due." in after
    verified_at = article(database, slug).verified_at
    assert verified_at is not None
    assert clock.now() - verified_at < timedelta(minutes=1)


def test_the_figure_of_the_tab_is_what_the_queue_shows_at_first(
    sign_in: SignIn, slug: str, database: Database, cast: Cast
) -> None:
    long_ago = clock.now() - timedelta(days=500)
    with database.write() as session:
        write(session, "Nobody looks", verified_at=long_ago)
        write(session, "Ada looks", verified_at=long_ago, owner=cast.ada.email)
    sara = sign_in("sara")
    page = sara.get("/queues/verify").text
    assert 'aria-current="page">To verify <span class="count">2</span>' in page
    assert [title in page for title in ("Totals differ", "Nobody looks", "Ada looks")] == [True, True, False]
    assert "Ada looks" in sara.get("/queues/verify?whose=all").text
    assert "Nobody looks" not in sara.get("/queues/verify?whose=mine").text


def test_where_nothing_is_theirs_the_queue_leads_to_what_is_other_peoples(
    sign_in: SignIn, slug: str, database: Database
) -> None:
    ada = sign_in("ada")
    page = ada.get("/queues/verify").text
    assert "Nothing of yours is due." in page
    assert "/queues/verify?whose=all" in page
    assert "Totals differ" in ada.get("/queues/verify?whose=all").text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_nobody_is_sent_elsewhere(sign_in: SignIn, slug: str, back: str) -> None:
    assert sign_in("sara").post(f"/kb/{slug}/verify", data={"back": back}).location == f"/kb/{slug}"


def test_the_owner_is_changed_in_the_row_and_the_interval_stays(
    sign_in: SignIn, slug: str, database: Database, cast: Cast
) -> None:
    sara = sign_in("sara")
    assert sara.post(f"/kb/{slug}/upkeep", data={"owner": cast.ada.key, "verify_days": "90"}).status_code == 303
    assert sara.post(f"/kb/{slug}/upkeep", data={"owner": ""}).status_code == 303
    kept = article(database, slug)
    assert (kept.owner_id, kept.verify_days) == (None, 90)
    assert "Totals differ" in sara.get("/queues/verify?show=unowned").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"owner": "", "verify_days": "3651"}, "from 1 to 3650"),
        ({"owner": "", "verify_days": "soon"}, "Not a valid"),
        ({"owner": "p-piero", "verify_days": "30"}, "Not a valid choice"),
    ],
)
def test_a_refused_owner_or_interval_is_said_at_its_field(
    sign_in: SignIn, slug: str, database: Database, form: dict[str, str], words: str
) -> None:
    answer = sign_in("sara").post(f"/kb/{slug}/upkeep", data=form)
    assert answer.status_code == 400
    assert words in answer.text
    assert "invalid-feedback" in answer.text
    assert article(database, slug).verify_days is None


@pytest.mark.parametrize("show", ["due", "soon", "unowned", "long", "nonsense"])
def test_every_part_of_the_queue_opens_for_writers_only(sign_in: SignIn, slug: str, show: str) -> None:
    assert sign_in("sara").get(f"/queues/verify?show={show}").status_code == 200
    for name in ("anonymous", "anna", "elena"):
        assert sign_in(name).get(f"/queues/verify?show={show}").status_code == 404
        assert sign_in(name).post(f"/kb/{slug}/verify").status_code == 404
        assert sign_in(name).get(f"/kb/{slug}/upkeep").status_code == 404


def test_a_cursor_that_is_none_is_refused(sign_in: SignIn, cast: Cast) -> None:
    assert sign_in("sara").get("/queues/verify?after=x").status_code == 400


def test_the_bar_says_where_an_article_stands_to_writers_only(sign_in: SignIn, slug: str, database: Database) -> None:
    sara, anna = sign_in("sara"), sign_in("anna")
    page = sara.get(f"/kb/{slug}").text
    for words in ("articlebar", "Published", "Due since", "Still correct", "Archive…", f"/kb/{slug}/insight"):
        assert words in page
    assert "articlebar" not in anna.get(f"/kb/{slug}").text
    with database.write() as session:
        unpublish(session, SYSTEM, slug)
    page = sara.get(f"/kb/{slug}").text
    assert "Not published" in page
    assert "Still correct" not in page
    with database.write() as session:
        bin_article(session, SYSTEM, slug)
    assert "In the bin" in sara.get(f"/kb/{slug}").text
    assert anna.get(f"/kb/{slug}").status_code == 404


def test_an_editor_validates_in_one_click(sign_in: SignIn, database: Database, cast: Cast) -> None:
    with database.write() as session:
        slug = write(session, "New", confidence=Confidence.WORK_IN_PROGRESS).slug
    sara = sign_in("sara")
    assert "Validate" in sara.get(f"/kb/{slug}").text
    answer = sara.post(f"/kb/{slug}/confidence", data={"confidence": "validated"}, follow_redirects=True)
    assert "Readers are told: Validated." in answer.text
    assert article(database, slug).confidence == "validated"
    assert sara.post(f"/kb/{slug}/confidence", data={"confidence": "certain"}).status_code == 400
    assert sign_in("piero").post(f"/kb/{slug}/confidence", data={"confidence": "validated"}).status_code == 404
