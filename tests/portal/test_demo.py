"""The demo shows every desk of the staff with something on it, and loading it again changes nothing."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from editorial.models import Change, State
from kb.models import Article, ArticleVote, ProblemReport
from search_index.models import SearchLog
from sportello.accounts.plans import Plans
from sportello.core.audience import system
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.notifications.models import Acknowledgement, Subscription
from sportello.portal.demo.articles import load_articles
from sportello.portal.demo.desk import article_ref, load_desk, slug_of
from sportello.portal.demo.load import load_site
from sportello.portal.demo.searches import load_searches
from sportello.portal.demo.told import load_told


@pytest.mark.slow
def test_every_desk_has_something_on_it_once(settings: Settings, database: Database, tmp_path: Path) -> None:
    plans = Plans.load(None)
    with database.write() as session:
        load_site(session, plans)
    load_articles(database, plans.ladder)
    with database.write() as session:
        assert load_desk(session, plans)
        assert load_told(session, plans)
        opened = article_ref(session, "ledger-vat-rounding")
    with database.counters() as session:
        assert load_searches(session, plans.ladder, opened)
    with database.read() as session:
        states = set(session.scalars(Change.visible_to(system(), Change.state)))
        assert states >= {State.DRAFT, State.IN_REVIEW, State.PUBLISHED}
        archived = Article.visible_to(system(), Article.key).where(Article.archived_at.is_not(None))
        binned = Article.visible_to(system(), Article.key).where(Article.binned_at.is_not(None))
        assert len(session.scalars(archived).all()) == len(session.scalars(binned).all()) == 1
        assert session.scalar(select(func.count()).select_from(ArticleVote).where(ArticleVote.comment != "")) == 3
        assert session.scalar(select(func.count()).select_from(ProblemReport)) == 1
        assert session.scalar(select(func.count()).select_from(Acknowledgement)) == 3
        assert session.scalar(select(func.count()).select_from(Subscription)) == 6
        before = slug_of(session, "ledger-vat-rounding")
    assert load_articles(database, plans.ladder).changed == 0
    with database.write() as session:
        assert not load_desk(session, plans)
        assert not load_told(session, plans)
        assert slug_of(session, "ledger-vat-rounding") == before
    with database.counters() as session:
        assert not load_searches(session, plans.ladder, opened)
        assert session.scalar(select(func.count()).select_from(SearchLog))
