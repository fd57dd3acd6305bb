"""T9 over what is told: take away one place where the audience is asked, and something reaches who may not read it.

Anna's organisation was told of an article that is then narrowed to staff, with everything on its way. Unchanged,
none of it arrives. Where two places ask, either is enough, and both must be gone.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from kb.queries import kept
from kb.services import change_audience
from kb.subjects import ArticleSubjects
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_of
from sportello.core import audience, keys
from sportello.core.handling import Site
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications import beyond, reaching
from sportello.notifications.delivery import webhooks
from sportello.notifications.delivery.digest import queue_digests
from sportello.notifications.levels import Level
from sportello.notifications.models import DigestRhythm, Preference, RegisteredAddress, Webhook
from sportello.notifications.queries import digests, inbox
from sportello.notifications.queries.critical import banner
from sportello.notifications.services.announce import announce
from sportello.notifications.services.critical import draft
from sportello.notifications.services.critical.send import send
from sportello.notifications.services.critical.words import Words
from sportello.portal.app import create_app
from tests.browsing import ask, client_for
from tests.gating.telling import SECRET, calls_of, mails, words_of
from tests.gating.told_pages import bell
from tests.gating.world import NOW, SYSTEM
from tests.kb.articles import write
from tests.notifications.systems import LOOPBACK, System, answering, system
from tests.notifications.telling import spread
from tests.notifications.things import follow
from tests.people import LADDER, Cast
from tests.work import work_off

WORD = "zqtoldvory"
MORNING = NOW + timedelta(hours=23)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, webhook_networks=LOOPBACK)


@pytest.fixture
def app(settings: Settings, database: Any) -> Flask:
    app = create_app(settings, database)
    app.testing = True
    return app


@dataclass
class Way:
    """Everything is on its way to Anna; `arrives` says what of it reached her."""

    app: Flask
    site: Site
    cast: Cast
    system: System
    critical: str

    @property
    def anna(self) -> FlaskClient:
        return client_for(self.app, self.cast.anna)

    def send(self) -> None:
        """Let the worker send what waits, at the time of the next digest."""
        with time_machine.travel(MORNING, tick=False):
            queue_digests(self.site)
            work_off(self.app)

    def mailed(self, to: str, *, digest: bool = False) -> bool:
        got = [words_of(mail) for mail in mails(self, to)]  # type: ignore[arg-type]
        return any(WORD.encode() in words for words in got if (b"Your digest" in words) is digest)

    def shown(self, address: str) -> bool:
        return WORD.encode() in ask(self.anna, address).body

    def arrives(self) -> set[str]:
        """The ways in which Anna and her organisation hear of it."""
        with time_machine.travel(MORNING, tick=False):
            feed = ask(client_for(self.app, None), "/feeds/feed.atom").body
            found = {
                "count": bell(self.anna) > 0,
                "list": b"data-row" in ask(self.anna, "/notifications").body,
                "feed": WORD.encode() in feed,
                "banner": self.shown("/plans"),
                "critical page": self.shown(f"/critical/{self.critical}"),
                "mail": self.mailed("anna@xtreme.example"),
                "digest": self.mailed("anna@xtreme.example", digest=True),
                "address": self.mailed("all@xtreme.example"),
                "call": WORD.encode() in repr(calls_of(self.system, "anna")).encode(),
            }
        return {way for way, arrived in found.items() if arrived}


EVERY_WAY = {"count", "list", "feed", "banner", "critical page", "mail", "digest", "address", "call"}


@pytest.fixture
def way(app: Flask, cast: Cast) -> Iterator[Way]:
    """Told: nothing has left."""
    site: Site = app.extensions["sportello.site"]
    with system(answering()) as called, time_machine.travel(NOW, tick=False):
        yield Way(app, site, cast, called, _tell(site, cast, called))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """No statement that was built under a changed rule stays."""
    kept.forget()
    yield
    kept.forget()


def _tell(site: Site, cast: Cast, called: System) -> str:
    """One article by mail and bell, one for the digest, a critical notice; returns its key."""
    organisation = cast.organisations["xtreme"]
    sara, plans = viewer_of(cast.sara, Plans.load(None)), Plans.load(None)
    with site.database.write() as session:
        refs = []
        for number, level in enumerate((Level.WATCHING, Level.NORMAL)):
            row = write(session, f"Rounding {number} {WORD}", "xtreme", products=("ledger",))
            refs.append(Ref("article", row.article.key))
            follow(session, cast.anna.id, refs[-1], level)
        session.add(
            Preference(
                person_id=cast.anna.id, digest=DigestRhythm.DAILY, next_digest_at=MORNING,
                feed_hash=hashlib.sha256(b"feed").hexdigest(), feed_made_at=NOW,
            )
        )  # fmt: skip
        session.add(
            RegisteredAddress(
                key=keys.new_key(), organisation_id=organisation.id, email="all@xtreme.example", name="All",
                language="en", products=[], created_at=NOW, confirmed_at=NOW,
            )
        )  # fmt: skip
        session.add(
            Webhook(
                key=keys.new_key(), organisation_id=organisation.id, name="System", secret=SECRET, created_at=NOW,
                url=f"http://127.0.0.1:{called.port}/xtreme", events=["article-published", "critical-notice"],
            )
        )  # fmt: skip
        for ref in refs:
            announce(session, "article-published", ref, thread=ref)
        notice = draft.begin(session, sara, refs[0])
        draft.edit(session, sara, notice.key, Words({"ledger": []}, {"en": WORD}, {"en": WORD}))
        send(session, sara, notice.key, plans=plans, two_people=False)
        key = notice.key
    spread(site)
    return key


def narrow(site: Site) -> None:
    """From now on it is for staff."""
    with site.database.write() as session:
        for slug in session.scalars(_slugs()):
            change_audience(session, SYSTEM, slug, audience.STAFF, ladder=LADDER)


def _slugs() -> Any:
    from kb.models import ArticleTranslation

    return ArticleTranslation.visible_to(SYSTEM, ArticleTranslation.slug)


def test_what_anna_may_read_arrives_in_every_way(way: Way) -> None:
    """The comparison can fail: nothing was narrowed."""
    way.send()
    assert way.arrives() == EVERY_WAY


def test_narrowed_on_its_way_none_of_it_arrives(way: Way) -> None:
    narrow(way.site)
    way.send()
    assert way.arrives() == set()


def everybody(viewer: Any, key: str) -> bool:
    """The rule, gone."""
    return True


def _everything(viewer: Any) -> Any:
    """What each source shows to the site itself."""
    return tuple((kind, source.visible_keys(SYSTEM)) for kind, source in sorted(inbox.registry.sources.items()))


def _all(session: Any, viewer: Any, refs: Any) -> set[Ref]:
    return set(refs)


Change = tuple[Any, str, Callable[..., Any]]
MUTATIONS: dict[str, tuple[list[Change], set[str]]] = {
    "the count and list": ([(inbox, "readable_keys", _everything)], {"count"}),
    "the list, loaded again": (
        [(inbox, "readable_keys", _everything), (inbox, "admits", everybody)],
        {"count", "list", "feed"},
    ),
    "the rule of articles in SQL": (
        [(ArticleSubjects, "visible_keys", lambda self, viewer: _keys_of_all())],
        {"count"},
    ),
    "who is told": ([(reaching, "admits", everybody)], {"mail"}),
    "what a digest holds, once more": (
        [(reaching, "admits", everybody), (digests, "_readable", _all)],
        {"mail", "digest"},
    ),
    "addresses without an account": ([(beyond, "admits", everybody)], {"address"}),
    "systems that are called": (
        [(webhooks, "admits", everybody), (webhooks, "organisation_may_hear", lambda viewer, event, subject: True)],
        {"call"},
    ),
    "the banner and the page of a critical notice": ([(banner, "admits", everybody)], {"banner", "critical page"}),
}


def _keys_of_all() -> Any:
    from kb.models import Article

    return Article.visible_to(SYSTEM, Article.key)


@pytest.mark.parametrize("what", MUTATIONS)
def test_without_the_question_it_leaks(way: Way, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    changes, leaks = MUTATIONS[what]
    narrow(way.site)
    for where, name, replacement in changes:
        monkeypatch.setattr(where, name, replacement)
    way.send()
    assert way.arrives() == leaks
