"""After a critical notice went out: acknowledging, corrections, withdrawals, reminders; and who is left out by then."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.services import archive, bin_article
from kb import services as articles
from kb.models import Article
from sportello.accounts.models import Person, Product
from sportello.core import clock
from sportello.core.audience import Role, Viewer, system
from sportello.core.db import Database
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from sportello.core.handling import Site
from sportello.core.mail import stored_mails
from sportello.core.settings import Settings
from sportello.notifications.models import Acknowledgement, CriticalMessage, CriticalNotice, CriticalState, Delivery
from sportello.notifications.queries.critical.banner import banners, find_shown, my_notices
from sportello.notifications.queries.critical.report import Standing, outstanding, report_of
from sportello.notifications.queries.inbox import inbox
from sportello.notifications.services.critical import change, end
from sportello.notifications.services.critical.acknowledge import acknowledge
from sportello.notifications.services.critical.words import Words
from tests.notifications import alarms
from tests.notifications.alarms import PLANS, WHY, WORDS, as_now, changed, closing, colleague, told, viewer, work
from tests.people import Cast

FIXED = Words({"ledger": ["15.0", "15.1"]}, {"en": "It posts twice, from 15.0 on."}, {"en": "Do not close."}, 3)


class Alarm:
    """A notice that went out about a public article (or another), and what people see of it now."""

    def __init__(self, app: Flask, database: Database, cast: Cast, audience: str = "public") -> None:
        self.app, self.database, self.cast = app, database, cast
        with database.write() as session:
            article = closing(session, audience)
            notice = alarms.sent(session, viewer(cast.sara), article)
            self.slug, self.key = article.slug, notice.key
        work(app)

    @property
    def site(self) -> Site:
        site: Site = self.app.extensions["sportello.site"]
        return site

    def do(self, verb: Callable[..., object], name: str, *arguments: object, **named: object) -> object:
        """Let somebody do something, and the worker what follows."""
        with self.database.write() as session:
            done = verb(session, as_now(self.database, self.cast.people[name]), self.key, *arguments, **named)
        work(self.app)
        return done

    def sees(self, name: str) -> bool:
        """Somebody has the banner now."""
        with self.database.read() as session:
            return [one.key for one in banners(session, as_now(self.database, self.cast.people[name]))] == [self.key]

    def article(self, verb: Callable[..., object], *arguments: object, **named: object) -> None:
        with self.database.write() as session:
            verb(session, system(), self.slug, *arguments, **named)

    @property
    def notice(self) -> CriticalNotice:
        with self.database.read() as session:
            return self.notice_in(session)

    def notice_in(self, session: Session) -> CriticalNotice:
        return session.scalars(select(CriticalNotice).where(CriticalNotice.key == self.key)).one()


@pytest.fixture
def alarm(app: Flask, database: Database, cast: Cast) -> Alarm:
    return Alarm(app, database, cast)


@pytest.fixture
def clockwork() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=True) as traveller:
        yield traveller


def mails(settings: Settings) -> list[tuple[str, str]]:
    """Whom, and under which subject, in order."""
    found = (stored.mail for stored in stored_mails(settings.mail_dir))
    return sorted((mail["To"].split("@")[0].split("<")[-1], mail["Subject"]) for mail in found)


# Acknowledging


def test_acknowledging_again_changes_nothing(alarm: Alarm) -> None:
    for _again in range(2):
        alarm.do(acknowledge, "anna", 1)
    with alarm.database.read() as session:
        (row,) = session.scalars(select(Acknowledgement)).all()
    assert (row.person_id, row.version, row.for_organisation) == (alarm.cast.anna.id, 1, False)
    assert not alarm.sees("anna")
    assert alarm.sees("piero")


def test_who_has_spoken_for_themselves_may_speak_for_all_later_and_not_take_it_back(alarm: Alarm) -> None:
    alarm.do(acknowledge, "anna", 1)
    alarm.do(acknowledge, "anna", 1, for_organisation=True)
    alarm.do(acknowledge, "anna", 1)
    with alarm.database.read() as session:
        (row,) = session.scalars(select(Acknowledgement)).all()
    assert (row.for_organisation, row.organisation_id) == (True, alarm.cast.organisations["xtreme"].id)


def test_what_was_acknowledged_counts_as_read_in_the_bell(alarm: Alarm) -> None:
    def unread() -> int:
        with alarm.database.read() as session, alarm.database.read_counters() as counters:
            return len(inbox(session, counters, as_now(alarm.database, alarm.cast.anna), unread=True).entries)

    assert unread() == 1
    alarm.do(acknowledge, "anna", 1)
    assert unread() == 0


@pytest.mark.parametrize(("name", "error"), [("elena", Forbidden), ("ezio", Forbidden), ("sara", Forbidden)])
def test_whom_it_does_not_concern_acknowledges_nothing(alarm: Alarm, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        alarm.do(acknowledge, name, 1)


def test_only_a_contact_answers_for_all(alarm: Alarm) -> None:
    with alarm.database.write() as session:
        alarms.set_roles(session, alarm.cast.anna, Role.CUSTOMER)
    with pytest.raises(Forbidden):
        alarm.do(acknowledge, "anna", 1, for_organisation=True)


def test_what_one_may_not_read_is_acknowledged_by_nobody(app: Flask, database: Database, cast: Cast) -> None:
    alarm = Alarm(app, database, cast, "premium")
    with pytest.raises(NotFound):
        alarm.do(acknowledge, "anna", 1)


def test_an_answer_for_all_stays_with_the_organisation(alarm: Alarm) -> None:
    """A contact who moves takes their own knowledge along, not that of their colleagues."""
    alarm.do(acknowledge, "anna", 1, for_organisation=True)
    with alarm.database.write() as session:
        rita = colleague(session, "rita", alarm.cast.organisations["xtreme"])
        session.get_one(Person, alarm.cast.anna.id).organisation_id = alarm.cast.organisations["premium"].id
    with alarm.database.read() as session:
        assert banners(session, as_now(alarm.database, rita)) == []
    assert not alarm.sees("anna")
    assert alarm.sees("piero")


# Corrections


def test_a_correction_asks_everybody_again_who_was_told(alarm: Alarm, settings: Settings) -> None:
    alarm.do(acknowledge, "anna", 1, for_organisation=True)
    assert alarm.do(change.correct, "sara", FIXED, WHY, two_people=False) is True
    assert told(alarm.database, "critical-correction") == ["anna", "piero"]
    assert alarm.notice.version == 2
    assert alarm.sees("anna")
    with alarm.database.read() as session:
        shown = find_shown(session, as_now(alarm.database, alarm.cast.anna), alarm.key)
        assert session.scalars(Article.visible_to(system(), Article.critical)).one() == FIXED.marks()["en"]
    assert shown is not None
    assert (shown.consequence, shown.labels) == ("It posts twice, from 15.0 on.", ["Ledger 15.0, 15.1"])
    assert ("anna", "Corrected: Year-end closing posts twice") in mails(settings)


def test_an_answer_to_the_first_words_is_none_to_the_corrected_ones(alarm: Alarm) -> None:
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    with pytest.raises(Conflict, match="corrected"):
        alarm.do(acknowledge, "anna", 1)
    with pytest.raises(Conflict):
        alarm.do(acknowledge, "anna", 3)
    alarm.do(acknowledge, "anna", 2)
    assert not alarm.sees("anna")


def test_a_correction_keeps_the_products_and_says_why(alarm: Alarm) -> None:
    other = Words({"harbor": []}, FIXED.consequence, FIXED.action)
    for words, why, field in ((other, WHY, "products"), (FIXED, {}, "reason_en"), (Words(FIXED.products), WHY, "")):
        with pytest.raises(Invalid) as refused:
            alarm.do(change.correct, "sara", words, why, two_people=False)
        assert field in (refused.value.field, "")
    assert alarm.notice.version == 1


def test_a_correction_that_waits_changes_nothing_yet(alarm: Alarm) -> None:
    assert alarm.do(change.correct, "sara", FIXED, WHY, two_people=True) is False
    assert (alarm.notice.version, alarm.notice.action) == (1, WORDS.action)
    assert told(alarm.database, "critical-correction") == []
    with pytest.raises(Forbidden):
        alarm.do(change.confirm, "sara", two_people=True)
    alarm.do(change.confirm, "ada", two_people=True)
    assert (alarm.notice.version, alarm.notice.staged) == (2, None)
    assert told(alarm.database, "critical-correction") == ["anna", "piero"]
    with pytest.raises(Conflict):
        alarm.do(change.confirm, "ada", two_people=True)


def test_what_waits_is_not_overwritten(alarm: Alarm) -> None:
    alarm.do(change.withdraw, "sara", WHY, two_people=True)
    with pytest.raises(Conflict, match="waits"):
        alarm.do(change.correct, "ada", FIXED, WHY, two_people=True)
    assert (alarm.notice.staged or {})["kind"] == "withdrawal"


def test_a_correction_that_is_given_up_leaves_the_notice_as_it_stood(alarm: Alarm) -> None:
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=True)
    alarm.do(change.drop_staged, "ada")
    assert (alarm.notice.staged, alarm.notice.version, alarm.notice.state) == (None, 1, CriticalState.SENT)


def test_an_agents_correction_waits_for_an_editor(alarm: Alarm) -> None:
    with alarm.database.write() as session:
        alarm.cast.people["aldo"] = colleague(session, "aldo", None, Role.AGENT)
    assert alarm.do(change.correct, "aldo", FIXED, WHY, two_people=False) is False
    with pytest.raises(Forbidden):
        alarm.do(change.confirm, "aldo", two_people=False)
    alarm.do(change.confirm, "sara", two_people=False)
    assert alarm.notice.version == 2


# Withdrawals


def test_a_withdrawal_reaches_who_was_told_and_takes_the_banner_away(alarm: Alarm, settings: Settings) -> None:
    alarm.do(acknowledge, "anna", 1)
    with alarm.database.write() as session:
        colleague(session, "nino", alarm.cast.organisations["xtreme"])  # came after it had been sent
    alarm.do(change.withdraw, "sara", {"en": "It was a misprint."}, two_people=False)
    assert told(alarm.database, "critical-withdrawal") == ["anna", "piero"]
    assert not alarm.sees("piero")
    assert ("piero", "Withdrawn: Year-end closing posts twice") in mails(settings)
    with alarm.database.read() as session:
        assert session.scalars(Article.visible_to(system(), Article.critical)).one() is None
        assert my_notices(session, as_now(alarm.database, alarm.cast.piero)) == []


def test_a_remark_that_an_editor_wrote_since_survives_the_withdrawal(alarm: Alarm) -> None:
    with alarm.database.write() as session:
        session.scalars(Article.visible_to(system())).one().critical = "Mine."
    alarm.do(change.withdraw, "sara", WHY, two_people=False)
    with alarm.database.read() as session:
        assert session.scalars(Article.visible_to(system(), Article.critical)).one() == "Mine."


def test_a_notice_withdrawn_before_its_mails_went_is_mailed_to_nobody(
    app: Flask, database: Database, cast: Cast, settings: Settings
) -> None:
    with database.write() as session:
        notice = alarms.sent(session, viewer(cast.sara), closing(session))
        change.withdraw(session, viewer(cast.sara), notice.key, WHY, two_people=False)
    work(app)
    assert mails(settings) == []
    assert told(database, "critical-notice") == []
    assert told(database, "critical-withdrawal") == []


def test_a_notice_withdrawn_between_bell_and_mail_is_told_to_be_withdrawn(
    alarm: Alarm, database: Database, settings: Settings
) -> None:
    """Queued mails of the notice are dropped; who has it in the bell hears of the withdrawal."""
    from sportello.core.outbox import OutboxRow, emit
    from sportello.notifications.events import MailDue

    for path in settings.mail_dir.glob("*.eml"):
        path.unlink()
    with database.write() as session:
        for row in session.scalars(select(Delivery)):
            row.state, row.sent_at = "queued", None
            emit(session, MailDue(row.id))
        assert session.scalars(select(OutboxRow)).first() is not None
        change.withdraw(session, viewer(alarm.cast.sara), alarm.key, WHY, two_people=False)
    work(alarm.app)
    assert mails(settings) == [
        ("anna", "Withdrawn: Year-end closing posts twice"),
        ("piero", "Withdrawn: Year-end closing posts twice"),
    ]


# Who may no longer read


TAKEN: list[tuple[str, Callable[..., object], dict[str, object]]] = [
    ("unpublished", articles.unpublish, {}),
    ("narrowed to staff", articles.change_audience, {"audience": "staff", "ladder": PLANS.ladder}),
    ("archived", archive, {"successor_slug": None}),
    ("binned", bin_article, {}),
    ("deleted", articles.delete_article, {}),
]


@pytest.mark.parametrize(("verb", "named"), [pytest.param(*rest, id=name) for name, *rest in TAKEN])
def test_what_is_taken_from_its_readers_is_told_to_nobody_any_more(
    alarm: Alarm, settings: Settings, verb: Callable[..., object], named: dict[str, object]
) -> None:
    """On the next request: banner, list, bell and page; and no correction, reminder or withdrawal goes out."""
    before = mails(settings)
    alarm.article(verb, **named)
    assert not alarm.sees("anna")
    anna = as_now(alarm.database, alarm.cast.anna)
    with alarm.database.read() as session, alarm.database.read_counters() as counters:
        assert my_notices(session, anna) == []
        assert find_shown(session, anna, alarm.key) is None
        assert list(inbox(session, counters, anna).entries) == []
        assert outstanding(session, PLANS, alarm.notice_in(session)) == []
    with pytest.raises(NotFound):
        alarm.do(acknowledge, "anna", 1)
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    alarm.do(change.withdraw, "sara", WHY, two_people=False)
    assert mails(settings) == before
    assert told(alarm.database, "critical-correction") == []
    assert told(alarm.database, "critical-withdrawal") == []


def test_a_correction_after_narrowing_reaches_who_may_still_read(alarm: Alarm) -> None:
    alarm.article(articles.change_audience, "premium", ladder=PLANS.ladder)
    assert not alarm.sees("anna")
    assert alarm.sees("piero")
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    assert told(alarm.database, "critical-correction") == ["piero"]
    with alarm.database.read() as session:
        report = report_of(session, viewer(alarm.cast.sara), PLANS, alarm.notice_in(session))
    assert {row.name: row.standing for row in report.rows} == {"Premium": Standing.NONE, "Xtreme": Standing.LEFT}


def test_an_organisation_whose_coverage_ends_is_asked_nothing_more(alarm: Alarm, settings: Settings) -> None:
    with changed(alarm.database, alarm.cast.organisations["xtreme"]) as xtreme:
        xtreme.coverage_end = clock.today() - timedelta(days=1)
    assert not alarm.sees("anna")
    with pytest.raises(Forbidden):
        alarm.do(acknowledge, "anna", 1)
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    assert ("anna", "Corrected: Year-end closing posts twice") not in mails(settings)
    with alarm.database.read() as session:
        report = report_of(session, viewer(alarm.cast.sara), PLANS, alarm.notice_in(session))
        assert outstanding(session, PLANS, alarm.notice_in(session)) == [alarm.cast.piero.id]
    assert [row.name for row in report.concerned] == ["Premium"]


def test_an_organisation_that_licenses_the_product_since_sees_the_banner(alarm: Alarm) -> None:
    assert not alarm.sees("elena")
    with alarm.database.write() as session:
        elite = session.get_one(type(alarm.cast.organisations["elite"]), alarm.cast.organisations["elite"].id)
        elite.products.append(session.scalars(select(Product).where(Product.code == "ledger")).one())
    assert alarm.sees("elena")
    alarm.do(acknowledge, "elena", 1)
    assert not alarm.sees("elena")


def test_an_organisation_that_gives_the_product_up_does_not(alarm: Alarm) -> None:
    with changed(alarm.database, alarm.cast.organisations["premium"]) as premium:
        premium.products = [product for product in premium.products if product.code != "ledger"]
    assert not alarm.sees("piero")
    with pytest.raises(Forbidden):
        alarm.do(acknowledge, "piero", 1)


# Reminders and the end


def test_who_has_not_acknowledged_is_reminded_three_times(
    alarm: Alarm, settings: Settings, clockwork: time_machine.Traveller
) -> None:
    alarm.do(acknowledge, "anna", 1)
    begun = len(mails(settings))
    end.remind_due(alarm.site)
    work(alarm.app)
    assert len(mails(settings)) == begun, "not before its time"
    for number in (1, 2, 3):
        clockwork.shift(timedelta(days=3, minutes=1))
        for _twice in range(2):
            end.remind_due(alarm.site)
        work(alarm.app)
        assert len(mails(settings)) == begun + number
    clockwork.shift(timedelta(days=30))
    end.remind_due(alarm.site)
    work(alarm.app)
    reminders = mails(settings)
    assert reminders.count(("piero", "Please acknowledge: Year-end closing posts twice")) == 3
    assert not [who for who, subject in reminders if who == "anna" and subject.startswith("Please")]


def test_a_correction_begins_the_reminders_anew(alarm: Alarm, clockwork: time_machine.Traveller) -> None:
    clockwork.shift(timedelta(days=2))
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    clockwork.shift(timedelta(days=2))
    end.remind_due(alarm.site)
    work(alarm.app)
    assert told(alarm.database, "critical-reminder") == []
    clockwork.shift(timedelta(days=1, minutes=1))
    end.remind_due(alarm.site)
    work(alarm.app)
    assert told(alarm.database, "critical-reminder") == ["anna", "piero"]


def test_who_acknowledges_before_the_reminder_goes_gets_none(
    alarm: Alarm, settings: Settings, clockwork: time_machine.Traveller
) -> None:
    clockwork.shift(timedelta(days=3, minutes=1))
    end.remind_due(alarm.site)
    with alarm.database.write() as session:
        acknowledge(session, as_now(alarm.database, alarm.cast.anna), alarm.key, 1, for_organisation=True)
    work(alarm.app)
    assert [who for who, subject in mails(settings) if subject.startswith("Please")] == ["piero"]


def test_by_hand_an_editor_reminds_at_most_hourly(alarm: Alarm, clockwork: time_machine.Traveller) -> None:
    with pytest.raises(Conflict, match="hour"):
        alarm.do(end.remind, "sara", plans=PLANS)
    clockwork.shift(timedelta(hours=2))
    assert alarm.do(end.remind, "sara", plans=PLANS) == 2
    with pytest.raises(Conflict, match="hour"):
        alarm.do(end.remind, "sara", plans=PLANS)
    for name in ("anna", "piero"):
        alarm.do(acknowledge, name, 1)
    clockwork.shift(timedelta(hours=2))
    with pytest.raises(Conflict, match="Everybody"):
        alarm.do(end.remind, "sara", plans=PLANS)


def test_a_closed_notice_reminds_nobody_and_may_still_be_withdrawn(
    alarm: Alarm, clockwork: time_machine.Traveller
) -> None:
    with alarm.database.write() as session:
        aldo = colleague(session, "aldo", None, Role.AGENT)
        with pytest.raises(Forbidden):
            end.close(session, viewer(aldo), alarm.key)
    alarm.do(end.close, "sara")
    assert not alarm.sees("anna")
    clockwork.shift(timedelta(days=9))
    end.remind_due(alarm.site)
    work(alarm.app)
    assert told(alarm.database, "critical-reminder") == []
    with pytest.raises(Conflict):
        alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    alarm.do(change.withdraw, "sara", WHY, two_people=False)
    assert told(alarm.database, "critical-withdrawal") == ["anna", "piero"]


@pytest.mark.parametrize("name", ["anna", "anonymous"])
def test_nobody_but_staff_reads_the_report(session: Session, cast: Cast, name: str) -> None:
    notice = alarms.sent(session, viewer(cast.sara), closing(session))
    nobody: Viewer = viewer(cast.people[name]) if name in cast.people else system().__class__(frozenset())
    with pytest.raises(Forbidden):
        report_of(session, nobody, PLANS, notice)


def test_every_message_is_kept_word_by_word(alarm: Alarm) -> None:
    alarm.do(change.correct, "sara", FIXED, WHY, two_people=False)
    alarm.do(change.withdraw, "sara", {"en": "A misprint."}, two_people=False)
    with alarm.database.read() as session:
        rows = session.scalars(select(CriticalMessage).order_by(CriticalMessage.id)).all()
    assert [(row.kind, row.version) for row in rows] == [("notice", 1), ("correction", 2), ("withdrawal", 2)]
    assert rows[1].texts["en"]["reason"] == WHY["en"]
    assert rows[2].texts == {"en": {"reason": "A misprint."}}


def test_notices_about_other_products_however_many_hide_none(alarm: Alarm) -> None:
    with alarm.database.write() as session:
        ours = session.scalars(select(CriticalNotice)).one()
        shared = {"subject": ours.subject, "products": {"foundry": ["ledger"]}, "consequence": {"en": "x"}}
        shared |= {"action": {"en": "y"}, "created_at": clock.now(), "changed_at": clock.now(), "sent_at": clock.now()}
        session.add_all(CriticalNotice(key=f"other{n:05}", state=CriticalState.SENT, **shared) for n in range(201))
    with alarm.database.read() as session:
        anna = as_now(alarm.database, alarm.cast.anna)
        assert [one.key for one in my_notices(session, anna)] == [alarm.key]
        assert [one.key for one in banners(session, anna)] == [alarm.key]
