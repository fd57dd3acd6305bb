"""Reminding owners: who is told today, decided from what is due and from what they were told before."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.events import ArticlesFellDue
from kb.models import Article
from kb.queries.verification import Show, part, writers
from kb.services.verify import reckon_all
from sportello.accounts.models import Person
from sportello.core import clock, outbox
from sportello.core.audience import system
from sportello.core.handling import Site
from sportello.core.outbox import KEEP_FINISHED, OutboxRow

MORNING = 7  # o'clock, where the owner is: nobody is written to before


def remind_owners(site: Site) -> None:
    """Ask for one mail a day to each owner of articles that became due; for those that stay due one a week."""
    reckon_all(site.database, site.settings.verify_days)
    with site.database.read() as session:
        owners = list(to_remind(session))
    if not owners:
        return
    with site.database.write() as session:
        for person_id, day in owners:
            outbox.emit(session, ArticlesFellDue(person_id, day))


def to_remind(session: Session) -> Iterator[tuple[int, str]]:
    """Who is to be told now, and their day."""
    told = _told(session)
    newest = func.max(Article.verify_due_at, type_=Article.verify_due_at.type)
    owners = Article.visible_to(system(), Article.owner_id, Person.timezone, newest)
    owners = owners.join(Person, Person.id == Article.owner_id).where(
        Article.published_at.is_not(None), part(Show.DUE), Person.id.in_(writers())
    )
    now = clock.now()
    for person_id, zone, due_at in session.execute(owners.group_by(Article.owner_id, Person.timezone)):
        here = now.astimezone(_zone(zone))
        last = told.get(person_id)
        if here.hour < MORNING or (last is not None and last.astimezone(here.tzinfo).date() == here.date()):
            continue
        if last is None or due_at > last or last < now - timedelta(days=7):
            yield person_id, here.date().isoformat()


def _told(session: Session) -> dict[int, datetime]:
    """When each person was last told, as far as the outbox remembers: a week."""
    since = clock.now() - KEEP_FINISHED
    rows = select(OutboxRow.payload, OutboxRow.created_at).where(
        OutboxRow.name == ArticlesFellDue.name, OutboxRow.created_at > since
    )
    return {payload["person_id"]: at for payload, at in session.execute(rows.order_by(OutboxRow.created_at))}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
