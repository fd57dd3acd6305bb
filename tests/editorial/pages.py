"""A desk for tests of the pages: a live article with a change of Gino's, and everybody's browser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from editorial import queries, services
from editorial.models import Change
from kb.models import Revision
from sportello.accounts.models import Person
from sportello.core.audience import Role, system
from sportello.core.db import Database
from tests.browsing import client_for
from tests.editorial.writing import save, viewer
from tests.kb.articles import write
from tests.people import make_person

OLD = "## Symptoms\n\nThe total is off.\n\n## Cause\n\nRounding.\n\n## Resolution\n\n1. Change the rule.\n"
NEW = OLD.replace("Change the rule.", "Change the rounding rule.\n2. Send the documents again.")


@dataclass
class Desk:
    """Where the tests work. `slug`: the live article; its change is Gino's and waits for a review."""

    app: Flask
    database: Database
    gino: Person
    slug: str
    sara: Person

    def client(self, person: Person) -> FlaskClient:
        return client_for(self.app, person)

    def change(self) -> Change | None:
        with self.database.read() as session:
            return queries.open_change(session, system(), self.slug)

    def key(self) -> str:
        change = self.change()
        assert change is not None
        return change.key

    def state(self) -> str:
        change = self.change()
        return change.state if change else ""

    def read(self) -> str:
        """The Markdown that readers have."""
        with self.database.read() as session:
            rows = queries.history(session, system(), self.slug)
            number = next(row.number for row in rows if row.is_current)
            return queries.revision_at(session, system(), self.slug, number).markdown

    def revision(self, number: int) -> Revision:
        with self.database.read() as session:
            return queries.revision_at(session, system(), self.slug, number)

    def do(self, verb: Callable[..., Any], actor: Person, *args: Any, **more: Any) -> Any:
        """Run a service as somebody."""
        with self.database.write() as session:
            return verb(session, viewer(actor), *args, **more)

    def save(self, actor: Person, **fields: Any) -> None:
        self.do(save, actor, self.slug, **fields)


def make_desk(app: Flask, database: Database, sara: Person, *, waiting: bool = True) -> Desk:
    """The live article, Gino's change of it, handed in unless told otherwise."""
    with database.write() as session:
        gino = make_person(session, "gino", None, Role.AGENT)
        slug = write(session, "Totals differ", "public", markdown=OLD, products=("ledger",)).slug
        session.flush()
    desk = Desk(app, database, gino, slug, sara)
    desk.save(gino, markdown=NEW, comment="The rule has a name now")
    if waiting:
        desk.do(services.submit, gino, slug)
    return desk
