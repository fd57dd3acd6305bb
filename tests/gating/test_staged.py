"""What is staged, typed, discussed or reported about an article that people read leaves no trace on what they read."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from editorial import services as writing
from kb.models import Confidence, Kind, Significance
from kb.services import report_problem
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core.audience import Viewer
from tests.browsing import Answer, ask, client_for
from tests.editorial.writing import save
from tests.gating import world
from tests.gating.addresses import addresses
from tests.gating.sites import Site
from tests.people import LADDER

CANARY = "zqstagedvory"
READERS = ("anonymous", "elena")


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    with time_machine.travel(world.NOW, tick=False):
        yield


def answers(site: Site, client: FlaskClient) -> dict[str, Answer]:
    """What a reader is answered at every address."""
    slugs = [slug for slugs in site.slugs.values() for slug in slugs]
    every = (address for address in addresses(site.app, slugs) if "q=zq" not in address and "q=ZQ" not in address)
    asked = [*every, f"/search?q={CANARY}", f"/search/suggest?q={CANARY[:6]}"]
    return {address: ask(client, address) for address in asked}


def stage(session: Session, author: Viewer, reviewer: Viewer, slug: str, number: int) -> None:
    """A change of everything, in a different state each: draft, in review with a note, scheduled; and typing on."""
    change = save(
        session, author, slug, title=f"Other title {CANARY}", summary=f"Other summary {CANARY}.",
        markdown=f"## Symptoms {CANARY}\n\nOther words {CANARY}, [a file](/kb/absent-{CANARY}).\n",
        audience="public", kind=Kind.HOW_TO, products=("foundry",), versions=(), tags=(CANARY,), codes=(CANARY,),
        critical=f"Close at once {CANARY}.", confidence=Confidence.WORK_IN_PROGRESS, significance=Significance.MAJOR,
        comment=CANARY,
    )  # fmt: skip
    if number % 3:
        writing.submit(session, author, slug)
        writing.add_note(session, reviewer, change.key, text=f"A note {CANARY}", line=1, quote=CANARY)
    if number % 3 == 2:
        writing.schedule(session, author, slug, world.NOW + timedelta(days=1))
    writing.open_copy(session, reviewer, slug)
    writing.autosave(session, reviewer, slug, {"title": f"Typed {CANARY}", "markdown": CANARY})


@pytest.mark.slow
def test_staged_changes_and_what_readers_report_leave_no_trace(full_site: Site) -> None:
    clients = {name: client_for(full_site.app, full_site.cast.people.get(name)) for name in READERS}
    before = {name: answers(full_site, client) for name, client in clients.items()}
    plans = Plans.load(None)
    sara, ada = viewer_of(full_site.cast.sara, plans), viewer_of(full_site.cast.ada, plans)
    with full_site.database.write() as session:
        for number, (item, slugs) in enumerate(full_site.slugs.items()):
            if item.audience not in ("public", *LADDER):
                continue
            for slug in slugs:
                stage(session, sara, ada, slug, number)
                report_problem(session, sara, slug, quote="", comment=f"Wrong {CANARY}")
    full_site.settle()
    for name in READERS:
        after = answers(full_site, clients[name])
        wrong = [address for address, answer in after.items() if answer != before[name][address]]
        assert wrong == [], name
        told = [address for address, answer in after.items() if CANARY.encode() in answer.body]
        assert all(f"q={CANARY}" in address for address in told), name  # what one searched for stands in the box
