"""What the tests of accounts share: passwords for the cast, and a worker's hand that sends their mail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from sportello.accounts import events, mails, passwords
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.core import outbox
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.mail import FileMailer, stored_mails
from sportello.core.settings import Settings
from tests.people import PASSWORD, Cast

HANDLERS = {
    events.PersonInvited: mails.on_person_invited,
    events.PasswordResetRequested: mails.on_password_reset_requested,
    events.EmailChangeRequested: mails.on_email_change_requested,
    events.CredentialsChanged: mails.on_credentials_changed,
}


@pytest.fixture(scope="session")
def plans() -> Plans:
    return Plans.load()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def with_passwords(database: Database, cast: Cast, password_hash: str) -> Cast:
    """The cast, each of whom can sign in with PASSWORD."""
    with database.write() as session:
        for person in session.scalars(select(Person)):
            person.password_hash = password_hash
    for person in cast.people.values():
        person.password_hash = password_hash
    return cast


@pytest.fixture
def deliver(settings: Settings, database: Database) -> Callable[[], list[tuple[str, str, str]]]:
    """Run the mail handlers of all waiting events; returns address, subject and text of every mail so far."""
    folder = Path(settings.mail_dir)
    mailer = FileMailer(folder, settings.sender, settings.base_url)
    site = Site(settings, database, mailer, None, None, Plans.load())  # type: ignore[arg-type]

    def run() -> list[tuple[str, str, str]]:
        with database.write() as session:
            rows = list(outbox.claim(session, "test", [kind.name for kind in HANDLERS]))
            outbox.finish(session, [row.id for row in rows])
        for row in rows:
            event = row.event()
            HANDLERS[type(event)](site, event)  # type: ignore[operator]
        found = []
        for stored in stored_mails(folder):
            body = stored.mail.get_body(("plain",))
            assert body is not None
            found.append((str(stored.mail["To"]), str(stored.mail["Subject"]), body.get_content()))
        return found

    return run


def link_in(text: str) -> str:
    """The path of the one link of a mail."""
    return next(line for line in text.splitlines() if line.startswith("http")).split("8000", 1)[1].strip()
