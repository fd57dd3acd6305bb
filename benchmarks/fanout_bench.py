"""One critical notice to very many people on PostgreSQL: how long until everybody is queued, and what it takes.

    python benchmarks/fanout_bench.py [--people 50000] [--organisations 500] [--workers 2] [--kill] [--digests]

A PostgreSQL server of its own with its durable settings, and real `sportello worker` processes: one leads, the others
stand by. The notice is written and sent as staff do it; the clock runs from the commit until the last person and the
last registered address is queued, while the same worker already sends mails (as files). `--kill`: the leading worker is
killed when a third is queued, and the next one goes on. Afterwards everybody must stand in each channel exactly once.
`--digests`: also when everybody's digest is due. Prints one line of JSON; fails when somebody was lost or told twice.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, insert, select, text, update

sys.path.insert(0, str(Path(__file__).parents[1]))

import sportello.portal.schema
import sportello.portal.site  # noqa: F401  registers the features
from sportello.accounts.models import Organisation, Person, PersonRole, Product, organisation_product
from sportello.accounts.plans import Plans
from sportello.core import clock, keys
from sportello.core.audience import Role, system
from sportello.core.db import Database
from sportello.core.lease import Lease
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from sportello.notifications.models import (
    Delivery,
    DeliveryChannel,
    Notice,
    Notification,
    Preference,
    RegisteredAddress,
)
from sportello.notifications.services.critical.draft import begin, edit
from sportello.notifications.services.critical.send import send
from sportello.notifications.services.critical.words import Words
from tests.browser.live import ROOT, LiveSite
from tests.databases import postgres_server
from tests.kb.articles import write

CHUNK = 5000
ACTOR = system()


def fill(database: Database, people: int, organisations: int) -> str:
    """Organisations with a product, their people and one registered address each; returns an article's key."""
    chance, now, today = random.Random(7), clock.now(), clock.today()
    zones = ("Europe/Rome", "Europe/Berlin", "America/New_York", "Asia/Tokyo")
    with database.write() as session:
        product = Product(code="ledger", name="Ledger")
        session.add(product)
        session.flush()
        rows = [
            {"key": keys.new_key(), "name": f"Customer {n}", "plan": chance.choice(("xtreme", "elite")),
             "coverage_start": today - timedelta(days=9), "coverage_end": today + timedelta(days=99), "created_at": now}
            for n in range(organisations)
        ]  # fmt: skip
        ids = session.scalars(insert(Organisation).returning(Organisation.id), rows).all()
        session.execute(insert(organisation_product), [{"organisation_id": n, "product_id": product.id} for n in ids])
        addresses = [
            {"key": keys.new_key(), "organisation_id": n, "email": f"desk@c{n}.example", "name": "Desk",
             "language": "en", "products": [], "created_at": now, "confirmed_at": now}
            for n in ids
        ]  # fmt: skip
        session.execute(insert(RegisteredAddress), addresses)
        article = write(session, "Totals are rounded twice", "xtreme", products=["ledger"])
        key = article.article.key
    for start in range(0, people, CHUNK):
        with database.write() as session:
            rows = [
                {"key": keys.new_key(), "email": f"p{n}@c{ids[n % len(ids)]}.example", "name": f"Person {n}",
                 "language": chance.choice(("en", "it")), "timezone": chance.choice(zones), "theme": "auto",
                 "organisation_id": ids[n % len(ids)], "active": True, "demo": False, "created_at": now}
                for n in range(start, min(start + CHUNK, people))
            ]  # fmt: skip
            made = session.scalars(insert(Person).returning(Person.id), rows).all()
            session.execute(insert(PersonRole), [{"person_id": n, "role": Role.CUSTOMER.value} for n in made])
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return key


class Workers:
    """Worker processes of a site."""

    def __init__(self, site: LiveSite, count: int) -> None:
        command = [sys.executable, "-m", "sportello.portal", "worker", "--with-parent"]
        self._log = (site.folder / "workers.log").open("wb")
        self._all = [
            subprocess.Popen(command, env=site.environ, cwd=ROOT, stdout=self._log, stderr=self._log)
            for _ in range(count)
        ]
        self.peaks: dict[int, int] = {}

    def look(self) -> None:
        """Note how much memory each took at most so far, in MiB."""
        for worker in self._all:
            try:
                status = Path(f"/proc/{worker.pid}/status").read_text()
            except OSError:
                continue
            peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
            self.peaks[worker.pid] = max(self.peaks.get(worker.pid, 0), int(peak) // 1024)

    def cpu(self) -> float:
        """Seconds of a processor that those alive have used."""
        used = 0
        for worker in self._all:
            try:
                stat = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            used += int(stat[11]) + int(stat[12])
        return used / os.sysconf("SC_CLK_TCK")

    def kill(self, pid: int) -> None:
        """As a machine does that runs out of memory."""
        next(worker for worker in self._all if worker.pid == pid).kill()

    def stop(self) -> None:
        for worker in self._all:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self._all:
            try:
                worker.wait(40)
            except subprocess.TimeoutExpired:
                worker.kill()
        self._log.close()


def until(done: Callable[[], bool], workers: Workers, seconds: float) -> float:
    """Wait; returns the seconds it took. Raises ClickException when it takes too long."""
    began = time.monotonic()
    while not done():
        workers.look()
        if time.monotonic() - began > seconds:
            raise click.ClickException(f"not done within {seconds} s")
        time.sleep(0.1)
    workers.look()
    return time.monotonic() - began


def number(database: Database, model: Any, *where: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def leader(database: Database) -> int:
    """The process that leads; 0 when none does."""
    with database.read() as session:
        holder = session.scalar(select(Lease.holder))
    return int(holder.split()[1]) if holder else 0


def post(database: Database, key: str) -> dict[str, Any]:
    """Write the notice and send it; how long the two requests took, in ms."""
    words = Words(
        products={"ledger": []},
        consequence={"en": "Totals are wrong.", "it": "I totali sono errati."},
        action={"en": "Install 15.1.2.", "it": "Installare 15.1.2."},
    )
    times = [time.monotonic()]
    with database.write() as session:
        draft = begin(session, ACTOR, Ref("article", key)).key
        edit(session, ACTOR, draft, words)
    times.append(time.monotonic())
    with database.write() as session:
        send(session, ACTOR, draft, plans=Plans.load(None), two_people=False)
    times.append(time.monotonic())
    return {"draft_ms": round((times[1] - times[0]) * 1000), "send_ms": round((times[2] - times[1]) * 1000)}


def fan_out(database: Database, workers: Workers, key: str, people: int, kill: bool) -> dict[str, Any]:
    """From the commit until everybody is queued."""
    found = post(database, key)
    began, used = time.monotonic(), workers.cpu()
    if kill:
        until(lambda: number(database, Notification) >= people // 3, workers, 300)
        workers.kill(leader(database))
    until(lambda: number(database, Notice, Notice.finished_at.is_not(None)) == 1, workers, 300)
    found["queued_seconds"] = round(time.monotonic() - began, 1)
    found["worker_cpu_seconds"] = round(workers.cpu() - used, 1)
    mails = Delivery.channel == DeliveryChannel.MAIL
    found["in_the_bell"] = number(database, Notification)
    found["mails_to_people"] = number(database, Delivery, mails, Delivery.person_id.is_not(None))
    found["mails_to_addresses"] = number(database, Delivery, mails, Delivery.address_id.is_not(None))
    found["events"] = number(database, OutboxRow, OutboxRow.name == "UrgentMailDue")
    found["mails_sent_meanwhile"] = number(database, Delivery, Delivery.sent_at.is_not(None))
    return found


def digests(database: Database, workers: Workers) -> dict[str, Any]:
    """From the minute in which everybody is due until everybody has a delivery."""
    with database.write() as session:
        moment = clock.now()
        session.execute(update(Preference).values(next_digest_at=moment, quiet_from=None))
        people = session.scalar(select(func.count()).select_from(Preference)) or 0
    due = Preference.next_digest_at <= moment
    until(lambda: number(database, Preference, due) < people, workers, 30)  # the duty runs every five seconds
    seconds = until(lambda: number(database, Preference, due) == 0, workers, 300)
    return {"digests_queued_seconds": round(seconds, 1)}


@click.command()
@click.option("--people", default=50_000, show_default=True)
@click.option("--organisations", default=500, show_default=True)
@click.option("--workers", "count", default=2, show_default=True)
@click.option("--kill", is_flag=True, help="Kill the leading worker when a third is queued.")
@click.option("--digests", "with_digests", is_flag=True, help="Also queue everybody's digest.")
def main(people: int, organisations: int, count: int, kill: bool, with_digests: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="fanout-") as name, postgres_server(durable=True) as server:
        site = LiveSite(Path(name), database_url=server.format(name="postgres"))
        site.run("migrate")
        database = Database(server.format(name="postgres"))
        key = fill(database, people, organisations)
        workers = Workers(site, count)
        try:
            known = until(lambda: number(database, Preference) >= people, workers, 900)
            before = dict(workers.peaks)
            found = {"people": people, "organisations": organisations, "workers": count, "killed": kill}
            found |= fan_out(database, workers, key, people, kill)
            if with_digests:
                found |= {"first_reckoning_seconds": round(known, 1)} | digests(database, workers)
            found |= {"peak_mib": sorted(workers.peaks.values()), "peak_mib_before": sorted(before.values())}
        finally:
            workers.stop()
            database.dispose()
    print(json.dumps(found | {"cores": os.cpu_count()}))
    whole = (found["in_the_bell"], found["mails_to_people"], found["mails_to_addresses"], found["events"])
    if whole != (people, people, organisations, people + organisations):
        raise click.ClickException("somebody was lost, or told twice")


if __name__ == "__main__":
    main()
