"""T2, T3, T4 over everything that tells: bell, count, list, feed, mail, digest, call, banner.

A full site is told everything; what each person gets of it is compared with who may read what, written out by hand,
and byte for byte with a site in which what they may not read never was.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sportello.notifications.levels import Level
from sportello.web import gather
from tests.browsing import ask, client_for
from tests.databases import Databases
from tests.gating import world
from tests.gating.telling import (
    HOME,
    calls_of,
    feed_token,
    forget,
    how,
    mails,
    mails_of,
    words_of,
)
from tests.gating.test_differential import viewer
from tests.gating.test_matrix import READS
from tests.gating.told_pages import bell, list_pages, told_answers
from tests.gating.told_sites import Told, told
from tests.gating.world import ITEMS, Item

CUSTOMERS = tuple(HOME)
LICENSED = {"anna": {"ledger"}, "piero": {"ledger", "harbor"}, "elena": {"harbor"}, "ezio": set[str](), "sara": set()}
everybody = pytest.mark.parametrize("name", [*CUSTOMERS, "sara"])


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, _databases: Databases) -> Iterator[Told]:
    """Everything, told and delivered."""
    with told(tmp_path_factory.mktemp("told"), _databases) as made:
        yield made


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen is noted without waiting for more."""
    monkeypatch.setattr(gather, "EVERY", 0.0)


Make = Callable[..., Told]


@pytest.fixture
def make(tmp_path: Path, _databases: Databases) -> Iterator[Make]:
    """Makes sites that are told everything, and takes them down at the end."""
    with ExitStack() as open:
        yield lambda name, *keep, **when: open.enter_context(told(tmp_path / name, _databases, *keep, **when))


def differences(one: Told, other: Told, full: Told, name: str) -> list[str]:
    """Addresses at which two sites answer somebody differently."""
    ours, theirs = (told_answers(told.site, full.site, name) for told in (one, other))
    return [address for address in {**ours, **theirs} if ours.get(address) != theirs.get(address)]


def readable(name: str) -> list[Item]:
    return [item for item in ITEMS if item.audience in READS[name]]


def critical(name: str, item: Item) -> bool:
    """Somebody's organisation licenses what the item is about, so its critical notice is for them."""
    return item.draft().products[0] in LICENSED[name]


def bells(name: str, item: Item) -> int:
    """Notifications of an item: new, changed, pushed, critical, and what became of that."""
    by_level = {Level.WATCHING: 3, Level.TRACKING: 2, Level.NORMAL: 0}[how(item)]
    return by_level + (2 if item.number % 3 else 1) * critical(name, item)


def letters(name: str, item: Item) -> int:
    """Mails about an item: of a withdrawn notice only that it is withdrawn."""
    return (3 if how(item) == Level.WATCHING else 0) + (2 if item.number % 3 == 1 else 1) * critical(name, item)


def called(name: str, item: Item) -> int:
    """Calls about an item: new and changed for licensees, pushed for whoever may read it, critical as mails."""
    pushed = how(item) == Level.WATCHING
    return (2 + (2 if item.number % 3 == 1 else 1)) * critical(name, item) + pushed


@everybody
def test_the_count_and_the_list_are_those_of_what_one_may_read(full: Told, name: str) -> None:
    forget(full.site)
    expected = sum(bells(name, item) for item in readable(name))
    client = client_for(full.site.app, full.site.cast.people[name])
    assert bell(client) == expected
    rows = [answer.body.count(b"data-row") for answer in list_pages(client)]
    assert sum(rows) == expected
    assert all(rows) or rows == [0], "no page of the list is there for what one may not see"
    feed = ask(client_for(full.site.app, None), f"/feeds/{feed_token(name)}.atom").body
    assert feed.count(b"<entry ") == min(expected, 50)


@everybody
def test_mails_and_calls_are_those_of_what_one_may_read(full: Told, name: str) -> None:
    digest = any(how(item) != Level.WATCHING for item in readable(name))
    assert len(mails(full.site, full.site.cast.people[name].email)) == digest + sum(
        letters(name, item) for item in readable(name)
    )
    if name not in HOME:
        return
    registered = [(2 if item.number % 3 == 1 else 1) for item in readable(name) if critical(name, item)]
    assert len(mails(full.site, f"all@{HOME[name]}.example")) == sum(registered)
    assert len(calls_of(full.system, name)) == sum(called(name, item) for item in readable(name))


@everybody
def test_the_digest_holds_what_one_may_read_and_was_told_of_in_no_other_way(full: Told, name: str) -> None:
    got = mails(full.site, full.site.cast.people[name].email)
    (digest,) = [words for words in map(words_of, got) if b"Your digest" in words]
    for item in ITEMS:
        wanted = item.audience in READS[name] and how(item) != Level.WATCHING  # of those there was a mail
        assert (item.canary.encode() in digest) is wanted, (item.audience, item.number)


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_canary_reaches_nobody_below_its_audience(full: Told, name: str) -> None:
    hidden = re.compile("|".join(item.canary for item in ITEMS if item.audience not in READS[name]).encode())
    for address, answer in told_answers(full.site, full.site, name).items():
        assert hidden.search(address.encode()) or not hidden.search(answer.body), address
    got = full.got(name)
    for mail in mails_of(full.site, name):
        assert not hidden.search(words_of(mail)), mail[:500]
    assert not hidden.search(repr(got["calls"]).encode())


@pytest.mark.parametrize("name", ["anna", *(pytest.param(name, marks=pytest.mark.slow) for name in CUSTOMERS[1:])])
def test_what_is_hidden_leaves_no_trace_in_what_somebody_is_told(full: Told, make: Make, name: str) -> None:
    """T4: the same site without it tells them the same, byte for byte."""
    bare = make("bare", world.readable_by(viewer(full.site, name)))
    assert len(bare.site.slugs) < len(full.site.slugs)
    forget(full.site)
    assert bare.got(name) == full.got(name)
    assert differences(full, bare, full, name) == []
