"""A digest holds what its reader follows and may read when it is sent, nothing they know, and nothing is not sent."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from kb.events import ArticlePublished
from kb.models import Article
from sportello.accounts.models import Organisation, Person
from sportello.core import clock, outbox
from sportello.core.audience import Viewer
from sportello.core.handling import Site
from sportello.core.mail import stored_mails
from sportello.core.types import Ref
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.delivery.digest_mail import on_digest_due
from sportello.notifications.events import DigestDue
from sportello.notifications.levels import Channel, Level
from sportello.notifications.models import (
    ChannelChoice,
    Delivery,
    DeliveryChannel,
    DeliveryState,
    DigestRhythm,
    Notification,
    Preference,
    Subscription,
    SuppressedAddress,
)
from sportello.notifications.registry import DigestItem, registry
from sportello.notifications.services.announce import announce
from sportello.notifications.services.seen import note_seen
from tests.kb.articles import write
from tests.people import Cast
from tests.work import work_off

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)  # seven o'clock in Rome
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def sunday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(SUNDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def site(app: Flask, cast: Cast) -> Site:
    made: Site = app.extensions["sportello.site"]
    queue_digests(made)
    return made


def tell(site: Site, title: str, audience: str = "public", *, event: str = "article-published", **more: object) -> str:
    """An article that was just announced, of Ledger unless it says otherwise; returns its key."""
    more.setdefault("products", ["ledger"])
    with site.database.write() as session:
        key = write(session, title, audience, **more).article.key
        announce(session, event, Ref("article", key), language="en")
    return key


def again(site: Site, key: str, event: str = "article-updated") -> None:
    """The article says something new."""
    with site.database.write() as session:
        announce(session, event, Ref("article", key), language="en")


def queue(site: Site, traveller: time_machine.Traveller, at: datetime = MONDAY) -> None:
    traveller.move_to(at)
    queue_digests(site)


def send(site: Site, people: Iterable[Person] = ()) -> None:
    """Handle every digest that waits, as the worker does."""
    wanted = [person.id for person in people]
    with site.database.read() as session:
        waiting = select(Delivery.id).where(Delivery.channel == DeliveryChannel.DIGEST)
        if wanted:
            waiting = waiting.where(Delivery.person_id.in_(wanted))
        ids = session.scalars(waiting.order_by(Delivery.id)).all()
    for delivery_id in ids:
        on_digest_due(site, DigestDue(delivery_id))


def mails(site: Site) -> dict[str, EmailMessage]:
    """The newest mail by first name."""
    return {str(row.mail["To"]).split("@")[0]: row.mail for row in stored_mails(site.settings.mail_dir)}


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def ended(site: Site, person: Person) -> tuple[str, str | None]:
    with site.database.read() as session:
        row = session.scalars(
            select(Delivery).where(Delivery.person_id == person.id, Delivery.channel == DeliveryChannel.DIGEST)
        ).one()
        return row.state, row.error


Digest = Callable[[], dict[str, EmailMessage]]


@pytest.fixture
def digest(site: Site, sunday: time_machine.Traveller) -> Digest:
    """Monday comes, and everybody's digest is sent."""

    def made() -> dict[str, EmailMessage]:
        queue(site, sunday)
        send(site)
        return mails(site)

    return made


def change(site: Site, statement: object) -> None:
    with site.database.write() as session:
        session.execute(statement)  # type: ignore[call-overload]


def add(site: Site, *rows: object) -> None:
    with site.database.write() as session:
        for row in rows:
            session.merge(row)


def follow(site: Site, person: Person, topic: str, level: Level) -> None:
    ref = Ref.parse(topic)
    add(site, Subscription(person_id=person.id, kind=ref.kind, topic=ref.key, level=level, changed_at=clock.now()))


def test_licensees_of_a_product_hear_on_monday_what_is_new_for_it(site: Site, digest: Digest) -> None:
    tell(site, "Rounding of totals", summary="Totals are off by one.")
    found = digest()
    assert set(found) == {"anna", "piero"}
    mail = found["anna"]
    assert mail["Subject"] == "Rounding of totals"
    assert "NEW ARTICLES" in text(mail)
    assert "Totals are off by one." in text(mail)
    assert "/kb/rounding-of-totals-" in text(mail)
    assert "since 16 November" in text(mail)


def test_nothing_is_sent_when_there_is_nothing(site: Site, cast: Cast, digest: Digest) -> None:
    assert digest() == {}
    assert ended(site, cast.anna) == (DeliveryState.DROPPED, "There was nothing to tell.")


def test_everybody_hears_only_of_what_they_may_read(site: Site, digest: Digest) -> None:
    tell(site, "For everybody")
    tell(site, "For Premium", "premium")
    tell(site, "For Elite", "elite")
    tell(site, "For licensees", "xtreme@harbor", products=["ledger", "harbor"])
    tell(site, "For staff", "staff")
    found = {name: text(mail) for name, mail in digest().items()}
    assert {name: [t for t in ("everybody", "Premium", "Elite", "licensees", "staff") if f"For {t}" in body]
            for name, body in found.items()} == {
        "anna": ["everybody"], "piero": ["everybody", "Premium", "licensees"], "elena": ["licensees"],
    }  # fmt: skip


@pytest.mark.parametrize("hidden", ["premium", "staff", "org:elite"])
def test_what_is_narrowed_after_queueing_is_not_told(
    site: Site, cast: Cast, sunday: time_machine.Traveller, hidden: str
) -> None:
    tell(site, "Stays")
    key = tell(site, "Narrowed")
    queue(site, sunday)
    change(site, update(Article).where(Article.key == key).values(audience=hidden))
    send(site, [cast.anna])
    mail = mails(site)["anna"]
    assert mail["Subject"] == "Stays"
    assert "Narrowed" not in mail.as_string()


def test_what_is_unpublished_after_queueing_is_not_told_to_anybody(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    from kb.services.visibility import unpublish
    from tests.kb.articles import SYSTEM

    follow(site, cast.sara, "product:ledger", Level.NORMAL)
    tell(site, "Stays")
    with site.database.write() as session:
        row = write(session, "Taken back", products=["ledger"])
        announce(session, "article-published", Ref("article", row.article.key))
        unpublish(session, SYSTEM, row.slug)
    queue(site, sunday)
    send(site)
    assert set(mails(site)) == {"anna", "piero", "sara"}
    assert not [name for name, mail in mails(site).items() if "Taken back" in mail.as_string()]


def test_after_a_downgrade_between_queueing_and_sending_the_digest_is_that_of_the_lower_plan(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    tell(site, "For Xtreme", "xtreme")
    tell(site, "For Premium", "premium")
    queue(site, sunday)
    change(site, update(Organisation).where(Organisation.key == "premium").values(plan="xtreme"))
    send(site)
    assert mails(site)["piero"]["Subject"] == "For Xtreme"
    assert "For Premium" not in mails(site)["piero"].as_string()
    assert text(mails(site)["piero"]).count("/kb/") == text(mails(site)["anna"]).count("/kb/") == 1


def test_without_coverage_nothing_is_followed_any_more(site: Site, cast: Cast, sunday: time_machine.Traveller) -> None:
    tell(site, "For everybody")
    queue(site, sunday)
    over = SUNDAY.date() - timedelta(days=1)
    change(site, update(Organisation).where(Organisation.key == "xtreme").values(coverage_end=over))
    send(site)
    assert set(mails(site)) == {"piero"}


def test_a_section_that_forgets_the_audience_rule_gives_nothing_away(
    site: Site, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tell(site, "For staff", "staff")

    class Careless:
        code, heading = "careless", "Careless"

        def items(self, session: object, viewer: Viewer, since: datetime, limit: int) -> Iterator[DigestItem]:
            yield DigestItem(Ref("article", secret), "For staff", "/kb/x", clock.now())
            yield DigestItem(Ref("unheard-of", "x"), "From nowhere", "/x", clock.now())

    monkeypatch.setitem(registry.sections, "careless", Careless())
    assert "anna" not in digest()


def test_levels_decide(site: Site, cast: Cast, digest: Digest) -> None:
    followed = tell(site, "Of Foundry, followed", products=["foundry"])
    muted = tell(site, "Of Ledger, muted")
    tell(site, "Of Ledger with a muted tag", tags=["dull"])
    tell(site, "Of Foundry with a followed tag", products=["foundry"], tags=["fine"])
    tell(site, "Of Foundry", products=["foundry"])
    tell(site, "Of Ledger")
    for topic, level in (
        (f"article:{followed}", Level.NORMAL), (f"article:{muted}", Level.MUTED), ("tag:dull", Level.MUTED),
        ("tag:fine", Level.WATCHING),
    ):  # fmt: skip
        follow(site, cast.anna, topic, level)
    body = text(digest()["anna"])
    titles = [line.removeprefix("* ") for line in body.splitlines() if line.startswith("* ")]
    assert set(titles) == {"Of Foundry, followed", "Of Foundry with a followed tag", "Of Ledger"}


def test_staff_hear_of_what_they_chose(site: Site, cast: Cast, digest: Digest) -> None:
    follow(site, cast.sara, "product:ledger", Level.NORMAL)
    tell(site, "For staff", "staff")
    assert set(digest()) == {"sara"}


def test_a_kind_of_news_that_somebody_switched_off_is_left_out(site: Site, cast: Cast, digest: Digest) -> None:
    add(site, ChannelChoice(person_id=cast.anna.id, event="article-published", channel=Channel.DIGEST, on=False))
    tell(site, "New")
    again(site, tell(site, "Changed", event="article-updated"))
    found = digest()
    assert "* New" not in text(found["anna"])
    assert "CHANGED ARTICLES" in text(found["anna"])
    assert "* New" in text(found["piero"])


def test_what_they_opened_is_not_told_unless_it_changed_since(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    opened, changed = tell(site, "Opened"), tell(site, "Opened, then changed")
    sunday.shift(60)
    with site.database.counters() as counters:
        now = clock.now()
        note_seen(counters, {(cast.anna.id, f"article:{key}"): now for key in (opened, changed)})
    sunday.shift(60)
    again(site, changed)
    queue(site, sunday)
    send(site)
    assert mails(site)["anna"]["Subject"] == "Opened, then changed"
    assert "* Opened\n" in text(mails(site)["piero"])


def test_what_they_read_in_the_portal_or_had_by_mail_is_not_told(
    app: Flask, site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    tell(site, "Told in the portal")
    work_off(app)
    change(site, update(Notification).where(Notification.person_id == cast.anna.id).values(read_at=clock.now()))
    follow(site, cast.anna, "product:ledger", Level.WATCHING)
    tell(site, "Told by mail")
    work_off(app)
    assert set(mails(site)) == {"anna"}
    queue(site, sunday)
    send(site)
    assert "Told by mail" in mails(site)["anna"]["Subject"]
    assert ended(site, cast.anna) == (DeliveryState.DROPPED, "There was nothing to tell.")
    assert "* Told in the portal" in text(mails(site)["piero"])


def test_an_earlier_digest_is_not_repeated(site: Site, cast: Cast, sunday: time_machine.Traveller) -> None:
    tell(site, "First week")
    queue(site, sunday)
    send(site)
    sunday.shift(timedelta(days=2))
    tell(site, "Second week")
    queue(site, sunday, MONDAY + WEEK)
    send(site)
    assert mails(site)["anna"]["Subject"] == "Second week"
    assert "First week" not in text(mails(site)["anna"])
    queue(site, sunday, MONDAY + 2 * WEEK)
    send(site)
    assert len(list(stored_mails(site.settings.mail_dir))) == 4


def test_what_could_not_be_told_last_week_is_told_with_the_next(
    site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    queue(site, sunday)
    send(site)  # nothing to tell
    sunday.shift(timedelta(days=1))
    tell(site, "On Tuesday")
    queue(site, sunday, MONDAY + WEEK)
    send(site)
    assert mails(site)["anna"]["Subject"] == "On Tuesday"


def test_twenty_items_at_most_the_newest_and_a_way_to_the_rest(
    site: Site, sunday: time_machine.Traveller, digest: Digest
) -> None:
    for number in range(22):
        tell(site, f"Article {number:02}")
        sunday.shift(60)
    body = text(digest()["anna"])
    titles = [line for line in body.splitlines() if line.startswith("* ")]
    assert titles == [f"* Article {number:02}" for number in range(21, 1, -1)]
    assert "There is more" in body


def test_a_typo_is_told_to_nobody(app: Flask, site: Site, digest: Digest) -> None:
    with site.database.write() as session:
        row = write(session, "Corrected", products=["ledger"])
        outbox.emit(session, ArticlePublished(row.article.key, "en", row.revision_id or 0, False, "typo"))
    work_off(app)
    assert digest() == {}


def test_the_editors_words_stand_first(site: Site, digest: Digest) -> None:
    with site.database.write() as session:
        row = write(session, "Please read", products=["ledger"])
        ref = Ref("article", row.article.key)
        announce(session, "article-published", ref)
        announce(session, "article-pushed", ref, says={"en": "Before the year ends."})
    body = text(digest()["anna"])
    assert "THE EDITORS POINT TO" in body
    assert "Before the year ends." in body
    assert body.count("* Please read") == 1


def test_in_italian_for_who_reads_italian(site: Site, cast: Cast, digest: Digest) -> None:
    change(site, update(Person).where(Person.id == cast.anna.id).values(language="it"))
    with site.database.write() as session:
        key = write(session, "Rounding", products=["ledger"], it="Arrotondamento").article.key
        for language in ("en", "it"):
            announce(session, "article-published", Ref("article", key), language=language)
    found = digest()
    assert found["anna"]["Subject"] == "Arrotondamento"
    assert found["piero"]["Subject"] == "Rounding"
    assert "16 novembre" in text(found["anna"])


def test_one_click_ends_it_and_programs_know_what_it_is(site: Site, digest: Digest) -> None:
    tell(site, "Rounding")
    mail = digest()["anna"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link in text(mail)
    assert mail["Precedence"] == "list"
    html = mail.get_body(("html",))
    assert html is not None
    assert "Rounding" in html.get_content()


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_switched_it_off_gets_none(site: Site, cast: Cast, sunday: time_machine.Traveller, when: str) -> None:
    tell(site, "Rounding")
    never = update(Preference).where(Preference.person_id == cast.anna.id).values(digest=DigestRhythm.NEVER)
    if when == "before":
        change(site, never)
    queue(site, sunday)
    change(site, never)
    send(site)
    assert set(mails(site)) == {"piero"}


def test_who_left_or_whose_mail_comes_back_gets_none(site: Site, cast: Cast, sunday: time_machine.Traveller) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    change(site, update(Person).where(Person.id == cast.anna.id).values(active=False))
    add(site, SuppressedAddress(email=cast.piero.email, reason="5.1.1", since=SUNDAY, bounces=1))
    send(site)
    assert mails(site) == {}
    assert ended(site, cast.anna)[0] == ended(site, cast.piero)[0] == DeliveryState.DROPPED


def test_it_waits_for_the_end_of_quiet_hours(
    app: Flask, site: Site, cast: Cast, sunday: time_machine.Traveller
) -> None:
    tell(site, "Rounding")
    queue(site, sunday)
    change(site, update(Preference).where(Preference.person_id == cast.anna.id).values(quiet_from=22, quiet_to=9))
    work_off(app)
    assert set(mails(site)) == {"piero"}
    sunday.move_to(datetime(2026, 11, 23, 7, 59, tzinfo=UTC))
    work_off(app)
    assert set(mails(site)) == {"piero"}
    sunday.move_to(datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC))
    work_off(app)
    assert set(mails(site)) == {"anna", "piero"}


def test_handled_again_it_is_not_sent_again(site: Site, digest: Digest) -> None:
    tell(site, "Rounding")
    digest()
    for row in stored_mails(site.settings.mail_dir):
        (site.settings.mail_dir / f"{row.name}.eml").unlink()
    send(site)
    on_digest_due(site, DigestDue(987654))
    assert mails(site) == {}
