"""What mails about articles say to those who watch them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from kb.models import Article, ArticleTranslation
from kb.services import publish, unpublish
from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.db import Database
from sportello.core.handling import Site
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.services.announce import announce
from sportello.portal.site import open_site
from tests.kb.articles import SYSTEM, write
from tests.notifications.posting import arrived, body, send_mails
from tests.notifications.telling import spread
from tests.notifications.things import follow
from tests.people import Cast


@pytest.fixture
def site(settings: Any, database: Database) -> Site:
    return open_site(settings, database)


@pytest.fixture
def article(site: Site, cast: Cast) -> Ref:
    """A Premium article in two languages, watched by Piero, who reads Italian, and by way of its product by Elena."""
    with site.database.write() as session:
        slug = write(session, "Totals differ", "premium", it="I totali non tornano", products=["ledger"]).slug
        key = session.scalars(Article.visible_to(SYSTEM, Article.key)).one()
        unpublish(session, SYSTEM, slug)
        publish(session, SYSTEM, slug)
        session.get_one(Person, cast.piero.id).language = "it"
        follow(session, cast.piero.id, Ref("article", key), Level.WATCHING)
        follow(session, cast.elena.id, Ref("product", "ledger"), Level.WATCHING)
    return Ref("article", key)


def told(site: Site, event: str, ref: Ref, **more: Any) -> dict[str, Any]:
    """Announce, tell, wait for windows to end; the mails by address."""
    with time_machine.travel(clock.now(), tick=True) as time:
        with site.database.write() as session:
            announce(session, event, ref, thread=ref, **more)
        spread(site)
        time.shift(timedelta(minutes=11))
        send_mails(site)
    return {mail["To"]: mail for mail in arrived(site)}


def test_each_watcher_reads_of_a_new_article_in_their_language_and_why(site: Site, cast: Cast, article: Ref) -> None:
    mails = told(site, "article-published", article)
    assert mails[cast.elena.email]["Subject"] == "New: Totals differ"
    text = body(mails[cast.elena.email])
    assert "About Totals differ." in text
    assert "because you watch Ledger" in text
    assert "/kb/totals-differ" in text
    italian = mails[cast.piero.email]
    assert "I totali non tornano" in italian["Subject"]
    assert "/kb/i-totali-non-tornano" in body(italian)


def test_a_changed_article_and_a_push_say_so(site: Site, cast: Cast, article: Ref) -> None:
    assert told(site, "article-updated", article)[cast.elena.email]["Subject"] == "Changed: Totals differ"
    pushed = told(site, "article-pushed", article, says={"en": "Read it before you close the year."})
    assert pushed[cast.elena.email]["Subject"] == "To read: Totals differ"
    assert "Read it before you close the year." in body(pushed[cast.elena.email])


def test_who_may_not_read_it_gets_no_mail_however_closely_they_follow(site: Site, cast: Cast, article: Ref) -> None:
    with site.database.write() as session:
        follow(session, cast.anna.id, article, Level.WATCHING)  # Xtreme
    assert cast.anna.email not in told(site, "article-published", article)


def test_an_article_taken_back_between_queueing_and_sending_is_not_mailed(site: Site, cast: Cast, article: Ref) -> None:
    with site.database.write() as session:
        announce(session, "article-published", article, thread=article)
    spread(site)
    with site.database.write() as session:
        for slug in session.scalars(ArticleTranslation.visible_to(SYSTEM, ArticleTranslation.slug)).all():
            unpublish(session, SYSTEM, slug)
    send_mails(site)
    assert arrived(site) == []
