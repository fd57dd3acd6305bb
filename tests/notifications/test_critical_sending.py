"""Critical notices: who writes, who sends, what they say, and whom they reach."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import services as articles
from kb.models import Article
from sportello.accounts.models import AuditEntry
from sportello.core import clock
from sportello.core.audience import Role, Viewer, system
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from sportello.core.types import Ref
from sportello.notifications.models import (
    CriticalMessage,
    CriticalNotice,
    CriticalState,
    Delivery,
    DeliveryState,
    RegisteredAddress,
    SuppressedAddress,
)
from sportello.notifications.queries.critical.reach import reached
from sportello.notifications.queries.critical.subjects import abouts
from sportello.notifications.services.critical import draft, send
from sportello.notifications.services.critical.held import stamp
from sportello.notifications.services.critical.words import MOST, Words
from tests.notifications import alarms
from tests.notifications.alarms import PLANS, WORDS, closing, colleague, drafted, sent, told, viewer, work
from tests.people import Cast

CUSTOMERS = ("anna", "piero", "elena", "ezio")


@pytest.fixture
def sara(cast: Cast) -> Viewer:
    return viewer(cast.sara)


@pytest.fixture
def ada(cast: Cast) -> Viewer:
    return viewer(cast.ada)


@pytest.fixture
def agent(session: Session, cast: Cast) -> Viewer:
    """Aldo answers, and publishes nothing."""
    return viewer(colleague(session, "aldo", None, Role.AGENT))


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_customer_writes_no_critical_notice(session: Session, cast: Cast, name: str) -> None:
    article = closing(session)
    with pytest.raises(Forbidden):
        draft.begin(session, viewer(cast.people[name]), alarms.about(article))


def test_a_moderator_writes_none_either(session: Session, cast: Cast) -> None:
    article = closing(session)
    with pytest.raises(Forbidden):
        draft.begin(session, viewer(colleague(session, "mara", None, Role.MODERATOR)), alarms.about(article))


def test_a_draft_begins_with_the_products_of_its_article(session: Session, agent: Viewer) -> None:
    notice = draft.begin(session, agent, alarms.about(closing(session)))
    assert (notice.state, notice.products) == (CriticalState.DRAFT, {"ledger": ["15.1"]})
    assert notice.author_id == agent.person_id


def test_one_article_has_one_open_notice(session: Session, agent: Viewer, sara: Viewer) -> None:
    article = closing(session)
    assert draft.begin(session, agent, alarms.about(article)) is draft.begin(session, sara, alarms.about(article))


@pytest.mark.parametrize("ref", [Ref("article", "neverwas00"), Ref("critical", "x"), Ref("nothing", "x")])
def test_nothing_is_no_subject(session: Session, sara: Viewer, ref: Ref) -> None:
    with pytest.raises(NotFound):
        draft.begin(session, sara, ref)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words({"nosuch": []}), "products"),
        (Words({"ledger": ["99"]}), "products"),
        (Words({"ledger": ["8.0"]}), "products"),
        (Words({"ledger": []}, {"en": "x" * (MOST + 1)}), "consequence_en"),
        (Words({"ledger": []}, {"en": "x"}, {"it": "x" * (MOST + 1)}), "action_it"),
        (Words({"ledger": []}, {"en": "a\x00b"}), "consequence_en"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(session: Session, agent: Viewer, words: Words, field: str) -> None:
    notice = draft.begin(session, agent, alarms.about(closing(session)))
    with pytest.raises(Invalid) as refused:
        draft.edit(session, agent, notice.key, words)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words({}, {"en": "a"}, {"en": "b"}), "products"),
        (Words({"ledger": []}), "consequence_en"),
        (Words({"ledger": []}, {"en": "a"}), "action_en"),
        (Words({"ledger": []}, {"en": "a"}, {"en": "b", "it": "c"}), "consequence_it"),
        (Words({"ledger": []}, {"en": "a", "it": "d"}, {"en": "b"}), "action_it"),
    ],
)
def test_an_incomplete_draft_is_kept_but_goes_nowhere(session: Session, sara: Viewer, words: Words, field: str) -> None:
    notice = drafted(session, sara, closing(session), words)
    with pytest.raises(Invalid) as refused:
        draft.ask(session, sara, notice.key)
    assert refused.value.field == field
    with pytest.raises(Invalid):
        send.send(session, sara, notice.key, plans=PLANS, two_people=False)


def test_an_agent_asks_and_an_editor_sends(session: Session, agent: Viewer, sara: Viewer) -> None:
    notice = drafted(session, agent, closing(session))
    with pytest.raises(Forbidden):
        send.send(session, agent, notice.key, plans=PLANS, two_people=False)
    draft.ask(session, agent, notice.key)
    assert notice.state == CriticalState.TO_CONFIRM
    send.send(session, sara, notice.key, plans=PLANS, two_people=True)
    assert (notice.state, notice.version) == (CriticalState.SENT, 1)
    assert (notice.author_id, notice.confirmed_by_id) == (agent.person_id, sara.person_id)


def test_where_one_is_enough_an_editor_sends_what_they_wrote(session: Session, sara: Viewer) -> None:
    assert sent(session, sara, closing(session)).state == CriticalState.SENT


def test_where_two_are_needed_the_second_is_not_the_first(session: Session, sara: Viewer, ada: Viewer) -> None:
    notice = drafted(session, sara, closing(session))
    with pytest.raises((Conflict, Forbidden)):
        send.send(session, sara, notice.key, plans=PLANS, two_people=True)
    draft.ask(session, sara, notice.key)
    with pytest.raises(Forbidden):
        send.send(session, sara, notice.key, plans=PLANS, two_people=True)
    send.send(session, ada, notice.key, plans=PLANS, two_people=True)
    assert notice.confirmed_by_id == ada.person_id


def test_who_asks_for_somebody_elses_words_is_no_second_person(
    session: Session, agent: Viewer, sara: Viewer, ada: Viewer
) -> None:
    notice = drafted(session, agent, closing(session))
    draft.ask(session, sara, notice.key)
    with pytest.raises(Forbidden):
        send.send(session, sara, notice.key, plans=PLANS, two_people=True)
    send.send(session, ada, notice.key, plans=PLANS, two_people=True)


def test_who_rewrites_it_is_the_first_person_then(session: Session, agent: Viewer, sara: Viewer) -> None:
    """Otherwise an editor could change the words and confirm them alone."""
    notice = drafted(session, agent, closing(session))
    draft.ask(session, agent, notice.key)
    draft.edit(session, sara, notice.key, Words(WORDS.products, {"en": "Something else."}, {"en": "Run."}))
    assert notice.state == CriticalState.DRAFT
    with pytest.raises(Forbidden):
        send.send(session, sara, notice.key, plans=PLANS, two_people=True)


def test_nobody_confirms_what_they_have_not_read(session: Session, agent: Viewer, sara: Viewer) -> None:
    notice = drafted(session, agent, closing(session))
    draft.ask(session, agent, notice.key)
    read = stamp(notice)
    draft.take_back(session, agent, notice.key)
    draft.edit(session, agent, notice.key, Words(WORDS.products, {"en": "Worse."}, {"en": "Run."}))
    draft.ask(session, agent, notice.key)
    with pytest.raises(Conflict):
        send.send(session, sara, notice.key, plans=PLANS, two_people=True, seen=read)
    send.send(session, sara, notice.key, plans=PLANS, two_people=True, seen=stamp(notice))


def test_two_who_edit_at_once_do_not_overwrite_each_other(session: Session, agent: Viewer, sara: Viewer) -> None:
    notice = drafted(session, agent, closing(session))
    read = stamp(notice)
    draft.edit(session, agent, notice.key, WORDS, seen=read)
    with pytest.raises(Conflict):
        draft.edit(session, sara, notice.key, Words(), seen=read)
    assert notice.consequence == WORDS.consequence


def test_what_was_sent_is_not_sent_edited_or_discarded_again(session: Session, sara: Viewer) -> None:
    notice = sent(session, sara, closing(session))
    for again in (
        lambda: send.send(session, sara, notice.key, plans=PLANS, two_people=False),
        lambda: draft.edit(session, sara, notice.key, WORDS),
        lambda: draft.ask(session, sara, notice.key),
        lambda: draft.take_back(session, sara, notice.key),
        lambda: draft.discard(session, sara, notice.key),
    ):
        with pytest.raises(Conflict):
            again()


def test_a_discarded_draft_is_gone(session: Session, agent: Viewer) -> None:
    notice = drafted(session, agent, closing(session))
    draft.discard(session, agent, notice.key)
    session.flush()
    assert session.scalars(select(CriticalNotice)).all() == []
    with pytest.raises(NotFound):
        draft.ask(session, agent, notice.key)


def test_what_nobody_can_read_is_not_sent(session: Session, sara: Viewer) -> None:
    article = closing(session)
    notice = drafted(session, sara, article)
    articles.unpublish(session, system(), article.slug)
    with pytest.raises(Conflict, match="Publish"):
        send.send(session, sara, notice.key, plans=PLANS, two_people=False)


@pytest.mark.parametrize(
    ("audience", "products"), [("staff", {"ledger": []}), ("org:expired", {"ledger": []}), ("public", {"foundry": []})]
)
def test_what_nobody_would_be_told_of_is_not_sent(
    session: Session, sara: Viewer, audience: str, products: dict[str, list[str]]
) -> None:
    notice = drafted(session, sara, closing(session, audience), Words(products, {"en": "a"}, {"en": "b"}))
    with pytest.raises(Conflict, match="Nobody"):
        send.send(session, sara, notice.key, plans=PLANS, two_people=False)


REACHED = [
    ("public", {"ledger": []}, ["anna", "piero"]),
    ("public", {"harbor": ["4.2"]}, ["elena", "piero"]),
    ("public", {"ledger": [], "harbor": []}, ["anna", "elena", "piero"]),
    ("premium", {"ledger": [], "harbor": []}, ["elena", "piero"]),
    ("premium@ledger", {"ledger": [], "harbor": []}, ["piero"]),
    ("elite", {"harbor": []}, ["elena"]),
    ("org:xtreme", {"ledger": []}, ["anna"]),
]


@pytest.mark.parametrize(("audience", "products", "people"), REACHED)
def test_the_preview_counts_exactly_who_is_told(
    app: Flask, database: Database, cast: Cast, audience: str, products: dict[str, list[str]], people: list[str]
) -> None:
    with database.write() as session:
        notice = drafted(
            session, viewer(cast.sara), closing(session, audience), Words(products, {"en": "a"}, {"en": "b"})
        )
        who = reached(session, PLANS, notice.products, abouts(session, [notice])[notice.subject])
        send.send(session, viewer(cast.sara), notice.key, plans=PLANS, two_people=False)
    work(app)
    assert told(database, "critical-notice") == people
    assert (who.organisations, who.people) == (len(people), len(people))


def test_the_preview_counts_addresses_and_names_organisations_without_anybody(
    session: Session, cast: Cast, sara: Viewer
) -> None:
    addresses = [("it@xtreme.example", []), ("anna@xtreme.example", []), ("stock@premium.example", ["harbor"])]
    homes = {"xtreme": cast.organisations["xtreme"].id, "premium": cast.organisations["premium"].id}
    for number, (email, products) in enumerate(addresses):
        home = homes[email.partition("@")[2].partition(".")[0]]
        address = RegisteredAddress(key=f"adr{number}", organisation_id=home, email=email, name="It", products=products)
        address.created_at = address.confirmed_at = clock.now()
        session.add(address)
    colleague(session, "aldo", cast.organisations["xtreme"], Role.AGENT)  # staff are told as staff: not at all
    session.get_one(type(cast.piero), cast.piero.id).active = False
    notice = drafted(session, sara, closing(session))
    who = reached(session, PLANS, notice.products, abouts(session, [notice])[notice.subject])
    assert (who.organisations, who.people, who.addresses) == (2, 1, 1)
    assert who.nobody == ("Premium",)


def test_the_preview_counts_no_address_that_would_hear_nothing(app: Flask, database: Database, cast: Cast) -> None:
    """One wants to hear of a product that its organisation licensed once, mail to the other comes back."""
    home, products = cast.organisations["xtreme"].id, {"ledger": [], "harbor": []}
    with database.write() as session:
        for number, (email, wanted) in enumerate((("stock@xtreme.example", ["harbor"]), ("it@xtreme.example", []))):
            address = RegisteredAddress(key=f"adr{number}", organisation_id=home, email=email, name="A")
            address.products, address.created_at = wanted, clock.now()
            address.confirmed_at = clock.now()
            session.add(address)
        session.add(SuppressedAddress(email="it@xtreme.example", reason="5.1.1", since=clock.now()))
        session.get_one(type(cast.anna), cast.anna.id).active = False
        notice = drafted(session, viewer(cast.sara), closing(session), Words(products, {"en": "a"}, {"en": "b"}))
        who = reached(session, PLANS, notice.products, abouts(session, [notice])[notice.subject])
        send.send(session, viewer(cast.sara), notice.key, plans=PLANS, two_people=False)
    work(app)
    with database.read() as session:
        sent_to = (Delivery.address_id.is_not(None), Delivery.state == DeliveryState.SENT)
        assert session.scalars(select(Delivery.id).where(*sent_to)).all() == []
    assert who.addresses == 0
    assert who.nobody == ("Xtreme",)


def test_sending_marks_the_article_and_keeps_what_was_said(session: Session, sara: Viewer) -> None:
    article = closing(session, it="La chiusura registra due volte")
    notice = sent(session, sara, article)
    row = session.scalars(Article.visible_to(system())).one()
    assert row.critical == "Year-end closing can post twice. Close from one session only."
    message = session.scalars(select(CriticalMessage)).one()
    assert message.texts["it"]["action"] == "Chiudere da una sola sessione."
    assert (message.kind, message.version, message.sent_by_id) == ("notice", 1, sara.person_id)
    assert notice.remind_at is not None
    assert notice.remind_at - clock.now() > timedelta(days=2, hours=23)
    assert "critical.sent" in session.scalars(select(AuditEntry.action)).all()


def test_a_second_notice_about_the_same_article_waits_for_the_first(session: Session, sara: Viewer) -> None:
    article = closing(session)
    first = sent(session, sara, article)
    first.state = CriticalState.CLOSED
    second = drafted(session, sara, article)
    assert second.key != first.key
    first.state = CriticalState.SENT
    session.flush()
    with pytest.raises(Conflict, match="stands"):
        send.send(session, sara, second.key, plans=PLANS, two_people=False)


def test_a_draft_is_told_to_nobody(app: Flask, database: Database, cast: Cast) -> None:
    with database.write() as session:
        notice = drafted(session, viewer(cast.sara), closing(session))
        draft.ask(session, viewer(cast.sara), notice.key)
    work(app)
    assert told(database, "critical-notice") == []


Change = Callable[[Session, str], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda session, slug: articles.unpublish(session, system(), slug),
        lambda session, slug: articles.change_audience(session, system(), slug, "staff", ladder=PLANS.ladder),
        lambda session, slug: articles.delete_article(session, system(), slug),
    ],
    ids=["unpublished", "narrowed", "deleted"],
)
def test_what_is_taken_from_its_readers_before_the_worker_comes_is_told_to_nobody(
    app: Flask, database: Database, cast: Cast, change: Change
) -> None:
    with database.write() as session:
        article = closing(session)
        sent(session, viewer(cast.sara), article)
        slug = article.slug
    with database.write() as session:
        change(session, slug)
    work(app)
    assert told(database, "critical-notice") == []
