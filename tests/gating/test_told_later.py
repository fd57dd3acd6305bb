"""T6: mails, digests, feeds and calls are asked about when they leave, not when they were queued.

Between queueing and sending something happens to who reads or to what is read; what leaves is then the same, byte for
byte, as if it had been so from the beginning.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.services import archive, bin_article
from kb import services
from sportello.accounts.models import Organisation, Person, PersonRole
from sportello.core import clock
from sportello.notifications.models import Delivery, DeliveryState
from tests.gating.sites import Site
from tests.gating.telling import forget, mails, mails_of
from tests.gating.test_matrix import READS
from tests.gating.test_told import Make, differences, make
from tests.gating.told_sites import Told
from tests.gating.world import ITEMS, SYSTEM, Item
from tests.people import LADDER

__all__ = ["make"]
Happening = Callable[[Site], None]


def some(item: Item) -> bool:
    """A part of the world that is enough: every level of Elena's, and how each is followed."""
    return item.audience in ("public", "xtreme", "premium", "elite", "elite@harbor", "org:elite")


def elena(session: Session) -> Organisation:
    """The organisation of Elena."""
    return session.scalars(select(Organisation).where(Organisation.key == "elite")).unique().one()


def downgraded(site: Site) -> None:
    with site.database.write() as session:
        elena(session).plan = "xtreme"


def ended(site: Site) -> None:
    with site.database.write() as session:
        elena(session).coverage_end = clock.today() - timedelta(days=1)


def without_products(site: Site) -> None:
    with site.database.write() as session:
        elena(session).products = []


def no_longer_staff(site: Site) -> None:
    with site.database.write() as session:
        for row in session.scalars(select(PersonRole).where(PersonRole.person_id == site.cast.sara.id)):
            session.delete(row)


AFTERWARDS = re.compile(rb"critical-(correction|withdrawal)|^Subject: (Corrected|Withdrawn): ", re.M)
"""A correction or withdrawal goes to who heard before, if they may read it, whatever they license now."""


def same(one: Told, other: Told, name: str, *, heard: bool = True) -> None:
    """What left is the same. Without `heard`: but for what only those are told who heard before."""
    for ours, theirs in zip(left(one, name), left(other, name), strict=True):
        assert ours == theirs if heard else without(ours) == without(theirs)


def left(told: Told, name: str) -> tuple[list[bytes], list[bytes]]:
    """Mails and calls."""
    got = told.got(name)
    return mails_of(told.site, name), [repr(call).encode() for call in got["calls"]]  # type: ignore[attr-defined]


def without(messages: list[bytes]) -> list[bytes]:
    return [message for message in messages if not AFTERWARDS.search(message)]


HAPPENINGS = {
    "elena": (downgraded, ended, without_products),
    "sara": (no_longer_staff,),
}
CASES = [
    pytest.param(
        name, happening, id=f"{name} {happening.__name__}", marks=() if happening is downgraded else pytest.mark.slow
    )
    for name, happenings in HAPPENINGS.items()
    for happening in happenings
]


@pytest.mark.parametrize(("name", "happens"), CASES)
def test_what_leaves_is_for_who_they_are_when_it_leaves(make: Make, name: str, happens: Happening) -> None:
    changed, always = make("changed", some, meanwhile=happens), make("always", some, before=happens)
    assert dropped(changed) > dropped(always)
    same(changed, always, name, heard=happens not in (ended, without_products))
    if happens is downgraded:
        forget(changed.site)
        assert differences(changed, always, changed, name) == []


def dropped(told: Told) -> int:
    """How many deliveries were not sent."""
    with told.site.database.read() as session:
        rows = session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.DROPPED)).all()
    return len(rows)


def deactivated(site: Site) -> None:
    with site.database.write() as session:
        session.get_one(Person, site.cast.elena.id).active = False


@pytest.mark.slow
def test_nothing_is_sent_to_a_closed_account(make: Make) -> None:
    told = make("closed", some, meanwhile=deactivated)
    assert mails(told.site, told.site.cast.elena.email) == []
    assert mails_of(told.site, "anna")


def narrowed(session: Session, slug: str) -> object:
    return services.change_audience(session, SYSTEM, slug, "staff", ladder=LADDER)


def unpublished(session: Session, slug: str) -> object:
    return services.unpublish(session, SYSTEM, slug)


def deleted(session: Session, slug: str) -> object:
    return services.delete_article(session, SYSTEM, slug)


def binned(session: Session, slug: str) -> object:
    return bin_article(session, SYSTEM, slug)


def archived(session: Session, slug: str) -> object:
    return archive(session, SYSTEM, slug, None)


GONE = {item for item in ITEMS if item.audience in ("public", "xtreme") and item.variant != 1}
ACTS = (narrowed, unpublished, deleted, binned, archived)


def readable(item: Item) -> bool:
    """What Anna reads, and something that she does not, of a product that nobody licenses."""
    return item.audience in READS["anna"] | {"xtreme@foundry"}


def never(item: Item) -> bool:
    """The same when all that is gone never was."""
    return item not in GONE and readable(item)


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_what_was_taken_away_meanwhile_is_told_to_nobody(make: Make, act: Callable[[Session, str], object]) -> None:
    """In no mail, digest or call, and the bell, its count, list and feed forget that they had it."""

    def taken_away(site: Site) -> None:
        for item in GONE:
            for slug in site.slugs[item] if act in (unpublished, archived, binned) else site.slugs[item][:1]:
                with site.database.write() as session:
                    act(session, slug)

    past, bare = make("past", readable, meanwhile=taken_away), make("never", never)
    same(past, bare, "anna")
    forget(past.site)
    found = differences(past, bare, past, "anna")
    if act is archived:  # its address says that it was archived, to those who may know
        found = [address for address in found if not re.fullmatch("/kb/[^/]+", address)]
    assert found == []
