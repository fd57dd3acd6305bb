"""Everybody is told everything: each item of the world is announced in every way, and what each person gets is read.

What somebody gets is taken where it leaves the site: pages and feeds from answers, mails and digests from their files,
calls from a system on loopback. Keys and times are repeatable, so two sites can be compared byte for byte.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import time_machine
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from kb.models import Article
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import keys
from sportello.core.errors import Conflict
from sportello.core.handling import Site as Parts
from sportello.core.types import Ref
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.levels import Level
from sportello.notifications.models import (
    CriticalNotice,
    DigestRhythm,
    Notification,
    Preference,
    RegisteredAddress,
    SeenMark,
    Subscription,
    Webhook,
)
from sportello.notifications.registry import registry
from sportello.notifications.services.announce import announce
from sportello.notifications.services.critical import change, draft
from sportello.notifications.services.critical.send import send
from sportello.notifications.services.critical.words import Words
from sportello.web import gather
from tests.gating.sites import Site
from tests.gating.world import NOW, SYSTEM, Item
from tests.notifications.systems import Request, System
from tests.notifications.telling import spread

HOW = (Level.WATCHING, Level.TRACKING, Level.NORMAL)
"""How everybody follows an item, by its number: a mail at once, the bell, the digest."""
TELLERS = ("anna", "piero", "elena", "ezio", "sara")
HOME = {"anna": "xtreme", "piero": "premium", "elena": "elite", "ezio": "expired"}
MORNING = (NOW + timedelta(days=1)).replace(hour=6, minute=30)
"""When everybody's digest of the day after is due."""
REFS: dict[Item, Ref] = {}
"""What notices about each item point to: its key is the same in every world."""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def how(item: Item) -> Level:
    """At which level everybody follows an item."""
    return HOW[item.number % 3]


def feed_token(name: str) -> str:
    """The secret of somebody's feed."""
    return f"feed-of-{name}"


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Time stands still there, and keys are those of that moment."""
    with time_machine.travel(moment, tick=False):
        keys.seed(int(moment.timestamp()))
        yield
    keys.seed(None)


def ref_of(session: Session, item: Item) -> Ref:
    """What notices about an item point to."""
    key = Article.visible_to(SYSTEM, Article.key).where(Article.source_id == item.canary)
    return Ref("article", session.scalars(key).one())


def listen(site: Site, system: System | None) -> None:
    """Everybody follows everything, has a feed and a daily digest; every organisation an address and a system."""
    with at(NOW), site.database.write() as session:
        people = [site.cast.people[name] for name in TELLERS]
        for item in site.slugs:
            ref = REFS[item] = ref_of(session, item)
            for person in people:
                session.add(_row(person, ref, how(item)))
                session.add(_row(person, Ref("tag", f"tag-{item.canary}"), Level.TRACKING))
        for name in TELLERS:
            digest = hashlib.sha256(feed_token(name).encode()).hexdigest()
            session.add(
                Preference(
                    person_id=site.cast.people[name].id, digest=DigestRhythm.DAILY, feed_hash=digest, feed_made_at=NOW
                )
            )
        for key, organisation in site.cast.organisations.items():
            session.add(_address(organisation.id, key))
            if system is not None:
                session.add(_system(organisation.id, key, system))
    parts = parts_of(site)
    with at(NOW):
        queue_digests(parts)


def _row(person: Person, ref: Ref, level: Level) -> Subscription:
    return Subscription(person_id=person.id, kind=ref.kind, topic=ref.key, level=int(level), changed_at=NOW)


def _address(organisation_id: int, key: str) -> RegisteredAddress:
    return RegisteredAddress(
        key=keys.new_key(), organisation_id=organisation_id, email=f"all@{key}.example", name="Everybody",
        language="en", products=[], created_at=NOW, confirmed_at=NOW,
    )  # fmt: skip


def _system(organisation_id: int, key: str, system: System) -> Webhook:
    events = [event.code for event in registry.events.values() if event.webhook]
    return Webhook(
        key=keys.new_key(), organisation_id=organisation_id, name=f"System of {key}", secret=SECRET, events=events,
        url=f"http://127.0.0.1:{system.port}/{key}", created_at=NOW,
    )  # fmt: skip


def parts_of(site: Site) -> Parts:
    """What the worker works with."""
    parts: Parts = site.app.extensions["sportello.site"]
    return parts


def steps(item: Item) -> Iterator[tuple[str, str]]:
    """Events of an item, each with the language in which it is told, "" for all."""
    for language in item.draft().texts:
        yield "article-published", language
        yield "article-updated", language
    if how(item) == Level.WATCHING:
        yield "article-pushed", ""


def moment_of(item: Item, number: int) -> datetime:
    """When something of an item is announced."""
    return NOW + timedelta(minutes=20 * item.number + 2 * number)


def tell(site: Site) -> None:
    """Announce everything of every item, in the order of items; who is told is known, and nothing has left."""
    parts = parts_of(site)
    for item in site.slugs:
        number = 0
        for number, (event, language) in enumerate(steps(item)):
            with at(moment_of(item, number)):
                with site.database.write() as session:
                    _announce(session, item, event, language)
                spread(parts)
        for more in range(2):
            with at(moment_of(item, number + 1 + more)):
                _critical(site, item, more)
                spread(parts)


def _announce(session: Session, item: Item, event: str, language: str) -> None:
    ref = ref_of(session, item)
    says = {"en": f"Read this {item.canary}."} if event == "article-pushed" else None
    announce(session, event, ref, thread=ref, language=language or None, says=says)


def _critical(site: Site, item: Item, turn: int) -> None:
    """First a critical notice, then for a third of the items each nothing, its correction, its withdrawal."""
    sara = viewer_of(site.cast.sara, Plans.load(None))
    try:
        with site.database.write() as session:
            ref = ref_of(session, item)
            if turn == 0:
                _send(session, sara, ref, item)
            elif item.number % 3:
                _change(session, sara, ref, item)
    except Conflict:
        return  # nobody whom it concerns


def words(item: Item, what: str) -> Words:
    """Consequence and action."""
    product = item.draft().products[0]
    return Words({product: []}, {"en": f"It {what} {item.canary}."}, {"en": f"Do not {item.canary}."}, 3)


def _send(session: Session, sara: Any, ref: Ref, item: Item) -> None:
    notice = draft.begin(session, sara, ref)
    draft.edit(session, sara, notice.key, words(item, "breaks"))
    send(session, sara, notice.key, plans=Plans.load(None), two_people=False)


def _change(session: Session, sara: Any, ref: Ref, item: Item) -> None:
    rows = select(CriticalNotice).where(CriticalNotice.subject == str(ref))
    notice = session.scalars(rows).one_or_none()
    if notice is None:
        return
    reason = {"en": f"We were wrong {item.canary}."}
    if item.number % 3 == 1:
        change.correct(session, sara, notice.key, words(item, "stops"), reason, two_people=False)
    else:
        change.withdraw(session, sara, notice.key, reason, two_people=False)


def deliver(site: Site) -> None:
    """Let the worker send everything that waits, digests too."""
    for moment in (NOW + timedelta(hours=9), MORNING):
        with at(moment):
            queue_digests(parts_of(site))
            site.settle()


_BOUNDARY = re.compile(rb"={5,}\d+==")
"""Of the parts of a mail: chosen at random."""


def mails(site: Site, *to: str) -> list[bytes]:
    """What these addresses got, oldest first, whole: headers and both texts."""
    folder = parts_of(site).settings.mail_dir
    found = []
    for path in sorted(folder.glob("*.eml")):
        text = path.read_bytes()
        if any(f"To: {one}".encode() in text for one in to):
            found.append(_BOUNDARY.sub(b"=boundary=", text))
    return found


def mails_of(site: Site, name: str) -> list[bytes]:
    """What somebody and the registered address of their organisation got."""
    person = site.cast.people[name]
    return mails(site, person.email, *([f"all@{HOME[name]}.example"] if name in HOME else []))


def words_of(mail: bytes) -> bytes:
    """Everything that a mail says, decoded: headers and both texts."""
    parsed = message_from_bytes(mail, policy=policy.default)
    said = [str(value) for value in parsed.values()]
    said += [str(part.get_content()) for part in parsed.walk() if part.get_content_maintype() == "text"]
    return "\n".join(said).encode()


def calls_of(system: System, name: str) -> list[tuple[str, dict[str, str], bytes]]:
    """What the system of somebody's organisation was told, in order."""
    mine = [request for request in system.requests if request.line.startswith(f"POST /{HOME[name]} ")]
    return sorted((_comparable(request) for request in mine), key=lambda call: (call[1]["webhook-id"], call[2]))


def _comparable(request: Request) -> tuple[str, dict[str, str], bytes]:
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
    return request.line, headers, request.body


def forget(site: Site) -> None:
    """Nobody has opened anything, nothing is read."""
    gather.write_out()
    with site.database.counters() as counters:
        counters.execute(delete(SeenMark))
    with site.database.write() as session:
        session.execute(update(Notification).values(read_at=None))
