"""Mails in tests: let the worker's handler send what is due, and read what arrived in the folder."""

from collections.abc import Sequence
from email.message import EmailMessage

from sqlalchemy import select, update

from sportello.core import clock
from sportello.core.handling import Site
from sportello.core.mail import stored_mails
from sportello.core.outbox import OutboxRow
from sportello.notifications.delivery.mails import on_mail_due
from sportello.notifications.events import MailDue, UrgentMailDue
from sportello.notifications.models import Delivery, Notice
from tests.notifications.telling import waiting


def send_mails(site: Site) -> int:
    """Handle what is due of `MailDue` and `UrgentMailDue`; returns how many events that were."""
    rows = [*waiting(site.database, UrgentMailDue.name), *waiting(site.database, MailDue.name)]
    for row in rows:
        end = on_mail_due(site, MailDue(**row.payload))
        with site.database.write() as session:
            if end:
                end(session)
            session.execute(update(OutboxRow).where(OutboxRow.id == row.id).values(finished_at=clock.now()))
    return len(rows)


def arrived(site: Site, to: str = "") -> list[EmailMessage]:
    """The mails in the folder, oldest first; only those to `to` if given."""
    return [stored.mail for stored in stored_mails(site.settings.mail_dir) if to in ("", stored.mail["To"])]


def body(mail: EmailMessage, kind: str = "plain") -> str:
    """Its text, or its HTML."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def deliveries(site: Site, notice: Notice) -> Sequence[Delivery]:
    """Those of a notice, in the order of people."""
    with site.database.read() as session:
        rows = select(Delivery).where(Delivery.notice_id == notice.id).order_by(Delivery.person_id)
        return session.scalars(rows).all()
