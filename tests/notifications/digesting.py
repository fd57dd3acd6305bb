"""Articles that are announced, the Monday on which digests go out, and what arrives."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import time_machine
from sqlalchemy import select

from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.handling import Site
from sportello.core.mail import MailError, Message, stored_mails
from sportello.core.types import Ref
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.delivery.digest_mail import on_digest_due
from sportello.notifications.events import DigestDue
from sportello.notifications.levels import Level
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    Subscription,
)
from sportello.notifications.services.announce import announce
from tests.kb.articles import write

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)  # seven o'clock in Rome
WEEK = timedelta(days=7)


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


def ended(site: Site, person: Person) -> tuple[str, str | None] | None:
    """How their last digest ended, and why; None when there was nothing to tell."""
    with site.database.read() as session:
        digests = select(Delivery.state, Delivery.error).where(
            Delivery.person_id == person.id, Delivery.channel == DeliveryChannel.DIGEST
        )
        row = session.execute(digests.order_by(Delivery.id.desc()).limit(1)).one_or_none()
        return (row.state, row.error) if row else None


Digest = Callable[[], dict[str, EmailMessage]]


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


class Postman:
    """A mail server that does to each mail what it was told to; what it took stands in `taken`."""

    def __init__(self, *answers: MailError | None) -> None:
        self.taken: list[Message] = []
        self._answers = list(answers)

    def send(self, message: Message) -> None:
        if self._answers and (error := self._answers.pop(0)):
            raise error
        self.taken.append(message)

    def check(self) -> str:
        return ""
