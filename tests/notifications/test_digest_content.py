"""A digest holds what its reader follows and may read when it is sent, and nothing that they know."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from kb.events import ArticlePublished
from kb.models import Article
from kb.services.visibility import unpublish
from sportello.accounts.models import Organisation, Person
from sportello.core import clock, outbox
from sportello.core.audience import Viewer
from sportello.core.handling import Site
from sportello.core.mail import stored_mails
from sportello.core.types import Ref
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.levels import Channel, Level
from sportello.notifications.models import (
    ChannelChoice,
    Notification,
)
from sportello.notifications.registry import DigestItem, registry
from sportello.notifications.services.announce import announce
from sportello.notifications.services.seen import note_seen
from tests.kb.articles import SYSTEM, write
from tests.notifications.digesting import (
    MONDAY,
    SUNDAY,
    WEEK,
    Digest,
    add,
    again,
    change,
    ended,
    follow,
    mails,
    queue,
    send,
    tell,
    text,
)  # fmt: skip
from tests.people import Cast
from tests.work import work_off

pytestmark = pytest.mark.usefixtures("sunday")


@pytest.fixture
def site(site: Site, cast: Cast) -> Site:
    """It is known when everybody's digest is due."""
    queue_digests(site)
    return site


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
    assert ended(site, cast.anna) is None


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
    assert ended(site, cast.anna) is None
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
