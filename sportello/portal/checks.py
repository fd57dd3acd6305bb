"""Is the site well? One line a part: for `sportello doctor`, for /healthz, and before web and worker start."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from search_index.engine import IndexDamaged
from search_index.rebuild import IndexRebuildRequested
from sportello.core import outbox
from sportello.core.audience import check_key
from sportello.core.db import Base, Database
from sportello.core.errors import Invalid, SportelloError
from sportello.core.handling import Site
from sportello.core.mail import MailError
from sportello.core.outbox import OutboxRow
from sportello.notifications.queries.deliveries import SENDING, ChannelState, channel_states
from sportello.portal import migrate
from sportello.portal.worker.leadership import describe

LAG_SECONDS = 60.0
NAMED_ROWS = 5


@dataclass(frozen=True)
class Check:
    """The state of one part: `line` is for people, `facts` for machines."""

    name: str
    ok: bool
    line: str
    facts: dict[str, Any] = field(default_factory=dict)


class UnknownAudiences(SportelloError):
    """Rows whose audience key the plans file does not know: nobody could tell who may read them."""

    message = "Some audiences are not in the plans file: %(rows)s. Put the plan back, or change these rows."


def database(site: Site) -> Check:
    """It answers; its size of outbox and lag are given, without what is sent: see `notices`."""
    with site.database.read() as session:
        waiting = outbox.backlog(session, beside=SENDING)
    line = f"answers; {waiting.waiting} events wait, {waiting.parked} are parked"
    facts = {"waiting": waiting.waiting, "parked": waiting.parked, "lag_seconds": round(waiting.lag_seconds, 1)}
    if waiting.parked:
        line += " (sportello outbox list)"
    return Check("database", not waiting.parked and waiting.lag_seconds < LAG_SECONDS, line, facts)


def notices(site: Site) -> Check:
    """What people are told leaves: of each channel nothing waits too long, and not too much was given up."""
    with site.database.read() as session:
        states = channel_states(session)
    facts = {
        one.channel: {
            "ok": one.is_well, "waiting": one.queued, "lag_seconds": round(one.lag_seconds, 1), "sent": one.sent,
            "given_up": one.failed,
        }
        for one in states
    }  # fmt: skip
    line = "; ".join(_channel_line(one) for one in states)
    if any(one.failed for one in states):
        line += " (sportello notices list)"
    return Check("notices", all(one.is_well for one in states), line, facts)


def _channel_line(one: ChannelState) -> str:
    line = f"{one.channel} {one.queued} wait"
    if one.is_late:
        line += f", since {round(one.lag_seconds)} s"
    return line + (f", {one.failed} given up" if one.failed else "")


def migrations(site: Site) -> Check:
    """Every branch is at its newest migration."""
    migrate.require_current(site.database)
    at = migrate.current(site.database)
    return Check("migrations", True, ", ".join(f"{name} at {revision}" for name, revision in at.items()), dict(at))


def index(site: Site) -> Check:
    """It is there and can be read."""
    try:
        manifest = site.engine.manifest()
    except IndexDamaged as error:
        return Check("index", False, f"damaged: {error} (sportello index rebuild)")
    if manifest is None:
        return Check("index", False, "there is none yet; a running worker builds it (or: sportello index rebuild)")
    documents = manifest.documents
    facts = {"generation": manifest.generation, "number": manifest.number, "documents": documents}
    if _rebuild_wanted(site):
        return Check("index", False, "damaged: a rebuild is asked for; a running worker does it", facts)
    return Check("index", True, f"generation {manifest.generation}, {documents} documents", facts)


def _rebuild_wanted(site: Site) -> bool:
    """Somebody who searched found the index damaged, and it has not been rebuilt since."""
    wanted = select(OutboxRow.payload).where(
        OutboxRow.name == IndexRebuildRequested.name, OutboxRow.finished_at.is_(None)
    )
    with site.database.read() as session:
        return any(payload.get("reason") == "damaged" for payload in session.scalars(wanted))


def index_contents(site: Site) -> Check:
    """As `index`, and every partition is read through with a fresh reader."""
    found = index(site)
    if not found.ok:
        return found
    try:
        site.engine.check()
    except IndexDamaged as error:
        return Check("index", False, f"damaged: {error} (sportello index rebuild)", found.facts)
    return found


def worker(site: Site) -> Check:
    """Some worker leads now."""
    alive, line = describe(site.database)
    return Check("worker", alive, line)


def mail(site: Site) -> Check:
    """Mail can be handed over now."""
    try:
        return Check("mail", True, site.mailer.check())
    except MailError as error:
        return Check("mail", False, str(error))


def media(site: Site) -> Check:
    """Uploaded files can be stored."""
    return Check("media", True, site.media.check())


def audiences(site: Site) -> Check:
    """Every stored audience key and plan code is in the plans file."""
    require_known_audiences(site.database, site.plans.ladder)
    return Check("audiences", True, f"all known to the plans {', '.join(site.plans.ladder)}")


def _unknown(database: Database, ladder: tuple[str, ...]) -> Iterator[str]:
    with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for column in ("audience", "plan"):
                if column not in table.c:
                    continue
                for value, rows in connection.execute(
                    select(table.c[column], func.count()).group_by(table.c[column]).order_by(table.c[column])
                ):
                    try:
                        check_key(value, ladder)
                    except Invalid:
                        yield from _named(connection, table, column, value, rows)


def _named(connection: Any, table: Any, column: str, value: str, rows: int) -> Iterator[str]:
    key = table.c.get("key", next(iter(table.primary_key.columns)))
    some = connection.scalars(select(key).where(table.c[column] == value).order_by(key).limit(NAMED_ROWS)).all()
    rest = f" and {rows - len(some)} more" if rows > len(some) else ""
    yield f"{table.name} {', '.join(map(str, some))}{rest} with {column} {value!r}"


def require_known_audiences(database: Database, ladder: tuple[str, ...]) -> None:
    """Raise UnknownAudiences naming the rows whose key or plan the plans file does not have."""
    if rows := list(_unknown(database, ladder)):
        raise UnknownAudiences(rows="; ".join(rows))


DOCTOR: tuple[Callable[[Site], Check], ...] = (
    database, migrations, audiences, index_contents, worker, notices, mail, media,
)  # fmt: skip

HEALTH: tuple[Callable[[Site], Check], ...] = (database, index, worker, notices)


def run(site: Site, checks: tuple[Callable[[Site], Check], ...]) -> list[Check]:
    """Every check, whatever happens in one of them."""
    found = []
    for check in checks:
        try:
            found.append(check(site))
        except (SportelloError, SQLAlchemyError, OSError) as error:
            found.append(Check(check.__name__.removesuffix("_contents"), False, str(error).splitlines()[0]))
    return found


def require_startable(site: Site) -> None:
    """Raise SchemaOutdated or UnknownAudiences: web and worker do not start on such a database."""
    migrate.require_current(site.database)
    require_known_audiences(site.database, site.plans.ladder)
