"""R7 for mails about notices: whatever the mail server does, none is lost, and one at most comes twice."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from kb.models import Article
from sportello.accounts.models import Person
from sportello.core import clock, keys, outbox
from sportello.core.audience import anonymous
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.mail import SmtpMailer
from sportello.core.outbox import OutboxRow
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications.delivery.holding import ONCE_MORE, TWICE
from sportello.notifications.levels import Level
from sportello.notifications.models import Delivery, DeliveryState, Notice, Subscription, SuppressedAddress
from sportello.notifications.services.announce import announce
from sportello.notifications.services.deliveries import again, note_given_up
from sportello.portal.site import open_site
from sportello.portal.wiring import make_worker
from sportello.portal.worker import Worker
from tests.damage.places import Place, wait_until
from tests.mailboxes import Mailbox, free_port, serving
from tests.notifications.things import ALARM, MENTION, Posts, a_feature
from tests.people import Cast


@pytest.fixture
def posts() -> Iterator[Posts]:
    with a_feature() as made:
        yield made


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(settings: Settings, database: Database, port: int) -> Site:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "support@vendor.example", settings.base_url, timeout=1)
    return replace(open_site(settings, database), mailer=mailer)


@pytest.fixture
def worker(site: Site) -> Worker:
    return make_worker(site)


def mention(site: Site, posts: Posts, *people: Person) -> Notice:
    with site.database.write() as session:
        return announce(session, MENTION.code, posts.write("Totals differ"), people=[person.id for person in people])


def states(site: Site) -> Counter[str]:
    with site.database.read() as session:
        return Counter(session.scalars(select(Delivery.state)))


def hurry(site: Site) -> None:
    """What waits for its next attempt is due now."""
    with site.database.write() as session:
        session.execute(update(OutboxRow).where(OutboxRow.finished_at.is_(None)).values(available_at=clock.now()))


def test_nothing_is_lost_while_the_server_is_down(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mention(site, posts, cast.anna, cast.piero, cast.elena)
    worker.run_once()
    assert states(site) == {"queued": 3}
    with site.database.read() as session:
        (row,) = session.scalars(select(Delivery).where(Delivery.attempts > 0))
        assert "Connection refused" in (row.error or "")
    with serving(mailbox, port):
        hurry(site)
        worker.run_once()
    assert sorted(mailbox.recipients) == sorted([cast.anna.email, cast.piero.email, cast.elena.email])
    assert states(site) == {"sent": 3}
    with site.database.read() as session:
        assert session.scalars(select(Delivery.error).where(Delivery.error.is_not(None))).all() == []


def test_a_hanging_server_is_given_up_for_now_at_the_first_mail(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.hang = 30
    mention(site, posts, cast.anna, cast.piero, cast.elena)
    with serving(mailbox, port):
        started = time.monotonic()
        worker.run_once()
        assert time.monotonic() - started < 10
        mailbox.hang = 0
        hurry(site)
        worker.run_once()
    assert states(site) == {"sent": 3}
    assert len(mailbox.taken) == 3


def test_who_is_refused_for_now_holds_up_nobody_and_gets_it_later(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.answers = {cast.piero.email: "451 4.7.1 come back later"}
    mention(site, posts, cast.anna, cast.piero, cast.elena)
    with serving(mailbox, port):
        worker.run_once()
        assert states(site) == {"sent": 2, "queued": 1}
        mailbox.answers = {}
        hurry(site)
        worker.run_once()
    assert mailbox.recipients[-1] == cast.piero.email
    assert states(site) == {"sent": 3}


def test_a_mailbox_that_is_gone_is_written_to_once(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.answers = {cast.piero.email: "550 5.1.1 no such mailbox"}
    mention(site, posts, cast.anna, cast.piero)
    with serving(mailbox, port):
        worker.run_once()
        assert states(site) == {"sent": 1, "failed": 1}
        with site.database.read() as session:
            assert "5.1.1" in session.get_one(SuppressedAddress, cast.piero.email).reason
        mailbox.answers = {}
        mention(site, posts, cast.piero)
        worker.run_once()
    assert mailbox.recipients == [cast.anna.email]
    assert states(site) == {"sent": 1, "failed": 1, "dropped": 1}


def test_a_mail_that_is_refused_again_and_again_is_a_dead_letter_until_it_is_retried(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.verdict = "554 5.7.1 not liked"
    notice = mention(site, posts, cast.anna)
    with serving(mailbox, port):
        for _ in range(outbox.MAX_ATTEMPTS):
            worker.run_once()
            hurry(site)
        with site.database.write() as session:
            note_given_up(session)
        assert states(site) == {"failed": 1}
        mailbox.verdict = "250 taken"
        with site.database.write() as session:
            row = session.scalars(select(Delivery).where(Delivery.notice_id == notice.id)).one()
            assert "5.7.1 not liked" in (row.error or "")
            again(session, [row.id], row.channel)
        worker.run_once()
    assert states(site) == {"sent": 1}
    assert len(mailbox.taken) == 1


def test_a_line_cut_after_the_message_gives_one_copy_with_the_same_id(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.drop_after_data = 1
    mention(site, posts, cast.anna, cast.piero)
    with serving(mailbox, port):
        worker.run_once()
        hurry(site)
        worker.run_once()
    copies = Counter(mailbox.message_ids)
    assert sorted(copies.values()) == [1, 2]
    assert states(site) == {"sent": 2}


def test_a_server_that_takes_mails_and_never_says_so_gets_each_twice_at_most(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.drop_after_data = 100
    mention(site, posts, cast.anna)
    with site.database.write() as session:
        announce(session, ALARM.code, posts.write("Fire", products=["harbor"]))
    with serving(mailbox, port):
        for _ in range(4):
            worker.run_once()
            hurry(site)
    assert set(Counter(mailbox.message_ids).values()) == {2}
    assert states(site) == {"failed": 3}
    with site.database.read() as session:
        assert set(session.scalars(select(Delivery.error))) == {TWICE}


def test_the_second_copy_to_a_server_without_an_answer_waits_until_it_has_recovered(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.drop_after_data = 1
    mention(site, posts, cast.anna)
    with serving(mailbox, port):
        worker.run_once()
    with site.database.read() as session:
        (row,) = session.scalars(select(OutboxRow).where(OutboxRow.finished_at.is_(None)))
    assert row.available_at > clock.now() + ONCE_MORE / 2


def test_a_server_that_takes_its_time_to_answer_is_waited_for(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    mailbox.ponder = 2  # more than the second in which it must answer anything else
    mention(site, posts, cast.anna)
    with serving(mailbox, port):
        worker.run_once()
        hurry(site)
        worker.run_once()
    assert len(mailbox.taken) == 1
    assert states(site) == {"sent": 1}


def test_what_is_always_told_waits_behind_no_other_mail(
    site: Site, worker: Worker, cast: Cast, posts: Posts, mailbox: Mailbox, port: int
) -> None:
    for _ in range(30):
        mention(site, posts, cast.elena)
    with site.database.write() as session:
        announce(session, ALARM.code, posts.write("Fire", products=["ledger"]))
    with serving(mailbox, port):
        worker.run_once()
    assert len(mailbox.recipients) == 32
    assert max(mailbox.recipients.index(one.email) for one in (cast.anna, cast.piero)) < 30


PEOPLE = 150


def many_watch(place: Place) -> None:
    """That many people watch a public article of the demo, and are to be told of it."""
    with place.database() as database, database.write() as session:
        now = clock.now()
        key = session.scalars(Article.visible_to(anonymous(), Article.key).limit(1)).one()
        session.add_all(
            Person(key=keys.new_key(), email=f"reader{n}@many.example", name=f"Reader {n}", created_at=now)
            for n in range(PEOPLE)
        )
        session.flush()
        for person_id in session.scalars(select(Person.id).where(Person.email.like("%@many.example"))):
            session.add(
                Subscription(person_id=person_id, kind="article", topic=key, level=Level.WATCHING, changed_at=now)
            )
        announce(session, "article-published", Ref("article", key))


def demo_is_told(place: Place) -> bool:
    """What the demo itself announced has been told; it would reach whoever is registered meanwhile, too."""
    with place.database() as database, database.read() as session:
        return not session.scalar(select(func.count()).select_from(Notice).where(Notice.finished_at.is_(None)))


def left(place: Place) -> int:
    """How many of them were not sent theirs yet."""
    sent = select(func.count()).select_from(Delivery).join(Person, Person.id == Delivery.person_id)
    sent = sent.where(Delivery.state == DeliveryState.SENT, Person.email.like("%@many.example"))
    with place.database() as database, database.read() as session:
        return PEOPLE - (session.scalar(sent) or 0)


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_no_mail_and_repeats_one_at_most(place: Place, mailbox: Mailbox) -> None:
    chance, kills, port = random.Random(7), 3, free_port()
    place.extra["SPORTELLO_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    with serving(mailbox, port):
        worker = place.start("worker")
        wait_until(lambda: demo_is_told(place), 90, "the demo's own notices are told")
        worker.terminate()
        worker.wait()
        many_watch(place)
        for _ in range(kills):
            worker, before = place.start("worker"), len(mailbox.taken)
            wait_until(lambda before=before: len(mailbox.taken) > before, 90, "mails are sent")
            time.sleep(chance.uniform(0, 0.3))
            worker.kill()
            worker.wait()
        place.start("worker")
        wait_until(lambda: left(place) == 0, 90, "everything is sent")
    to_many = [(to, id) for to, id in zip(mailbox.recipients, mailbox.message_ids, strict=True) if "@many." in to]
    assert len({to for to, _id in to_many}) == PEOPLE
    assert len(to_many) <= PEOPLE + kills
    assert len(set(to_many)) == PEOPLE  # a copy has the id of the first
