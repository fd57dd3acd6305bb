"""Critical notices for tests: written, confirmed and sent as people do."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import ArticleTranslation
from sportello.accounts.models import Organisation, Person, PersonRole
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import outbox
from sportello.core.audience import Role, Viewer
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.models import CriticalNotice, Notice, Notification
from sportello.notifications.services.critical import draft, send
from sportello.notifications.services.critical.words import Words
from sportello.portal import wiring
from sportello.portal.worker.lanes import RowLane
from tests.kb.articles import write
from tests.people import make_person

PLANS = Plans.load(None)
WORDS = Words(
    products={"ledger": ["15.1"]},
    consequence={"en": "Year-end closing can post twice.", "it": "La chiusura può registrare due volte."},
    action={"en": "Close from one session only.", "it": "Chiudere da una sola sessione."},
)
WHY = {"en": "Version 15.0 is affected too."}


def viewer(person: Person) -> Viewer:
    return viewer_of(person, PLANS)


def as_now(database: Database, person: Person) -> Viewer:
    """The viewer that somebody is by now, whatever has been changed since."""
    with database.read() as session:
        return viewer_of(session.get_one(Person, person.id), PLANS)


def closing(session: Session, audience: str = "public", **more: object) -> ArticleTranslation:
    """The article that the notices of these tests are about, with Ledger 15.1."""
    more = {"products": ("ledger",), "versions": ("15.1",), **more}
    return write(session, "Year-end closing posts twice", audience, **more)


def about(article: ArticleTranslation) -> Ref:
    return Ref("article", article.article.key)


def drafted(session: Session, actor: Viewer, article: ArticleTranslation, words: Words = WORDS) -> CriticalNotice:
    notice = draft.begin(session, actor, about(article))
    return draft.edit(session, actor, notice.key, words)


def sent(session: Session, actor: Viewer, article: ArticleTranslation, words: Words = WORDS) -> CriticalNotice:
    """By one person, as where no second one is asked for."""
    notice = drafted(session, actor, article, words)
    return send.send(session, actor, notice.key, plans=PLANS, two_people=False)


def colleague(session: Session, name: str, organisation: Organisation | None, *roles: Role) -> Person:
    """Somebody else; without an organisation, of the staff."""
    home = session.get_one(Organisation, organisation.id) if organisation else None
    person = make_person(session, name, home, *roles)
    session.flush()
    return person


def set_roles(session: Session, person: Person, *roles: Role) -> None:
    session.get_one(Person, person.id).role_rows = [PersonRole(role=role.value) for role in roles]


def told(database: Database, event: str) -> list[str]:
    """First names of who has it in their bell, by name."""
    with database.read() as session:
        names = (
            select(Person.name)
            .join(Notification, Notification.person_id == Person.id)
            .join(Notice, Notice.id == Notification.notice_id)
            .where(Notice.event == event)
        )
        return sorted(name.split()[0].lower() for name in session.scalars(names))


def work(app: Flask) -> None:
    """Let the worker tell and mail, without its search index and its duties: these tests ask for neither."""
    site: Site = app.extensions["sportello.site"]
    lane = RowLane(site, {**wiring.NOTICES, **wiring.MAILS, **wiring.URGENT})
    while True:
        with site.database.write() as session:
            rows = outbox.claim(session, "tests", lane.names)
        if not rows:
            return
        lane.handle(rows)


@contextmanager
def changed(database: Database, organisation: Organisation) -> Iterator[Organisation]:
    """The organisation's row, to be changed."""
    with database.write() as session:
        yield session.get_one(Organisation, organisation.id)
