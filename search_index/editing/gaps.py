"""What was searched and not answered: groups of failed searches, and of those whose results nobody opened.

For counting only: who searched is a number here. Staff and bots are left out, and wordings that may name a person.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from search_index.editing.gap_log import Person, Row, read_people, read_rows, read_wordings
from search_index.editing.grouping import group_wordings
from search_index.editing.wording import telling_words
from sportello.core import clock

PERIODS = {"week": timedelta(days=7), "month": timedelta(days=30), "all": None}
MOST = 100  # groups that are listed
WORDINGS = 12  # of a group that are named

Key = tuple[str, str]  # language, group


class Why(StrEnum):
    FAILED = "failed"  # nothing was found
    UNCLICKED = "unclicked"  # something was found, and nobody opened any of it


@dataclass(frozen=True)
class Gap:
    """A question without an answer. `name` is its most frequent wording.

    `searchers`: distinct people in a month, added up over the months; `audiences`: the same by class. `since`: the
    decision after which it was searched in vain again.
    """

    language: str
    group: str
    name: str
    wordings: Sequence[str]
    why: Why
    searchers: int
    searches: int
    audiences: Sequence[tuple[str, int]]
    last: datetime
    since: datetime | None = None

    @property
    def key(self) -> str:
        """As it stands in an address."""
        return f"{self.language}:{self.group}"


@dataclass(frozen=True)
class GapList:
    """The first hundred, and how many there are."""

    gaps: tuple[Gap, ...]
    total: int


@dataclass(frozen=True)
class GapQuery:
    """What is asked for: `why` and `audience` None for all, `language` "" for all."""

    period: str = "month"
    why: Why | None = None
    language: str = ""
    audience: str = ""

    @property
    def since(self) -> datetime | None:
        span = PERIODS.get(self.period, PERIODS["month"])
        return clock.now() - span if span else None


@dataclass(slots=True)
class _Class:
    """What one class of people did in a group. The last of each kind by the number of the search."""

    people: int = 0
    searches: int = 0
    failed: int = 0
    opened: int = 0
    last: datetime | None = None
    last_failed: int = 0
    last_opened: int = 0

    def add(self, row: Row) -> None:
        self.people += row.people
        self.searches += row.searches
        self.failed += row.failed
        self.opened += row.opened
        self.last = row.last if self.last is None else max(self.last, row.last)
        self.last_failed = max(self.last_failed, row.last_failed or 0)
        self.last_opened = max(self.last_opened, row.last_opened or 0)

    @property
    def fails(self) -> bool:
        """They found nothing, and have not opened anything since."""
        return self.last_failed > self.last_opened


@dataclass(frozen=True)
class _Found:
    """A group that is listed: the classes that it concerns, before it is told in full."""

    key: Key
    why: Why
    classes: Mapping[str, _Class]

    @property
    def order(self) -> tuple[int, int, Key]:
        people = sum(one.people for one in self.classes.values())
        return -people, -sum(one.searches for one in self.classes.values()), self.key


def find_gaps(session: Session, asked: GapQuery, decided: Mapping[Key, datetime]) -> GapList:
    """The groups that wait for somebody, most people first. `decided`: when a group was dealt with.

    Of a group that was dealt with only what came after counts. Reads the counters database.
    """
    rows = read_rows(session, asked.since)
    groups = group_rows(rows, decided)
    texts: dict[Key, set[str]] = {}
    for (language, text), group in groups.items():
        texts.setdefault((language, group), set()).add(text)
    tally: dict[Key, dict[str, _Class]] = {}
    again: set[Key] = set()
    for row in rows:
        key = (row.language, groups.get((row.language, row.query), ""))
        if key in decided:
            again |= {key} if row.last > decided[key] else set()
        elif key[1]:
            tally.setdefault(key, {}).setdefault(row.audience, _Class()).add(row)
    for key in again:
        for row in read_wordings(session, _later(decided[key], asked.since), key[0], texts[key]):
            tally.setdefault(key, {}).setdefault(row.audience, _Class()).add(row)
    found = sorted((one for key, all_ in tally.items() if (one := _judged(key, all_, asked))), key=lambda f: f.order)
    return GapList(tuple(_told(session, found[:MOST], texts, asked, decided)), len(found))


def group_rows(rows: Sequence[Row], decided: Collection[Key]) -> dict[Key, str]:
    """(Language, wording) to group."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row.language, Counter())[row.query] += row.searches
    found = {}
    for language, of_language in counts.items():
        seeds = [group for code, group in decided if code == language]
        for text, group in group_wordings(of_language, language, seeds).items():
            found[language, text] = group
    return found


def wordings_of(session: Session, language: str, group: str, decided: Collection[Key]) -> list[str]:
    """The wordings of one group in the whole log, most frequent first."""
    rows = read_rows(session, None, language)
    groups = group_rows(rows, {*decided, (language, group)})
    counts: Counter[str] = Counter()
    for row in rows:
        if groups.get((language, row.query)) == group:
            counts[row.query] += row.searches
    return [text for text, _ in counts.most_common()]


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)


def _judged(key: Key, everybody: Mapping[str, _Class], asked: GapQuery) -> _Found | None:
    """The group if it is listed: None when it is answered or not asked for."""
    failing = {name: one for name, one in everybody.items() if one.fails}
    if not failing and any(one.opened for one in everybody.values()):
        return None
    if not failing and not any(one.searches > one.failed for one in everybody.values()):
        return None
    found = _Found(key, Why.FAILED if failing else Why.UNCLICKED, failing or everybody)
    if (asked.why and asked.why != found.why) or (asked.language and asked.language != key[0]):
        return None
    return None if asked.audience and asked.audience not in found.classes else found


def _told(
    session: Session,
    found: Sequence[_Found],
    texts: Mapping[Key, Collection[str]],
    asked: GapQuery,
    decided: Mapping[Key, datetime],
) -> Iterator[Gap]:
    """The groups in full: exactly how many people, in which words. A decided group by itself, from its decision on."""
    fresh = [one for one in found if one.key not in decided]
    owner = {(one.key[0], text): one for one in fresh for text in texts[one.key]}
    people: dict[Key, list[Person]] = {}
    classes = {name for one in fresh for name in one.classes}
    for person in read_people(session, asked.since, classes, {text for _, text in owner}):
        if of := owner.get((person.language, person.query)):
            people.setdefault(of.key, []).append(person)
    for one in found:
        since = decided.get(one.key)
        if since is not None:
            later = read_people(session, _later(since, asked.since), one.classes, texts[one.key])
            people[one.key] = [person for person in later if person.language == one.key[0]]
        yield _gap(one, people.get(one.key, ()), since)


def _gap(found: _Found, people: Iterable[Person], since: datetime | None) -> Gap:
    who: dict[str, set[str]] = {}
    said: Counter[str] = Counter()
    for person in people:
        count = person.failed if found.why == Why.FAILED else person.found
        if count and person.audience in found.classes:
            who.setdefault(person.audience, set()).add(person.actor)
            said[person.query] += count
    wordings = [text for text, _ in sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))]
    return Gap(
        language=found.key[0],
        group=found.key[1],
        name=wordings[0],
        wordings=wordings[:WORDINGS],
        why=found.why,
        searchers=len(set().union(*who.values())),
        searches=sum(said.values()),
        audiences=sorted(((name, len(actors)) for name, actors in who.items()), key=lambda pair: (-pair[1], pair[0])),
        last=max(one.last for one in found.classes.values() if one.last),
        since=since,
    )


def guess_product(gap: Gap, products: Mapping[str, str]) -> str | None:
    """The code of a product that the wordings name. `products`: code to name."""
    said = {word for text in gap.wordings for word in telling_words(text, gap.language)}
    for code, name in products.items():
        if code in said or set(telling_words(name, gap.language)) <= said:
            return code
    return None
