"""How many mails about notices leave in a second: a site, its real worker, a mail server that takes everything.

python benchmarks/mail_bench.py [--people 1000] [--postgresql] [--runs 1]

The server on loopback is a process of its own and answers at once, so what is measured is the site: asking everything
anew for each reader, writing the letter, the line with the server, noting that it was sent. Beside it, in the same run
before and after, bare smtplib sends one finished mail of the same size again and again over one connection, and the
site's mailer sends mails that it only composes. `--postgresql`: on a server of its own with its durable settings
instead of SQLite.
"""

import contextlib
import multiprocessing
import os
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import click
from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parents[1]))

from sportello.accounts.models import Person
from sportello.core import clock, keys
from sportello.core.db import Database
from sportello.core.mail import Message, SmtpMailer, compose
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.models import Delivery, DeliveryState, Subscription
from sportello.notifications.services.announce import announce
from sportello.portal.site import open_site
from tests.databases import postgres_server
from tests.kb.articles import write

SENDER, BASE = "support@vendor.example", "http://127.0.0.1:8000"
MAIL = Message("a@many.example", "Subject", "A line of a text.\n" * 40, "<p>A line of città.</p>\n" * 240)
"""About as long as a mail about a notice."""


def _serve(port: int, taken: "Synchronized[int]") -> None:
    """A server that says yes to everything: only as much of SMTP as a client needs."""
    with socket.create_server(("127.0.0.1", port), backlog=64) as listening:
        while True:
            line, _address = listening.accept()
            with line, contextlib.suppress(ConnectionError):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _converse(line, taken)


def _converse(line: socket.socket, taken: "Synchronized[int]") -> None:
    file = line.makefile("rb")
    line.sendall(b"220 sink\r\n")
    while command := file.readline():
        verb = command[:4].upper().strip()
        if verb == b"DATA":
            line.sendall(b"354 go on\r\n")
            while file.readline() != b".\r\n":
                pass
            with taken.get_lock():
                taken.value += 1
        line.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 fine\r\n")
        if verb == b"QUIT":
            return


@contextlib.contextmanager
def sink() -> Iterator[tuple[int, "Synchronized[int]"]]:
    """The server's port, and how many messages it has taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    taken: Synchronized[int] = multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=_serve, args=(port, taken), daemon=True)
    process.start()
    time.sleep(0.3)
    try:
        yield port, taken
    finally:
        process.terminate()
        process.join()


Speed = tuple[float, float]
"""Mails a second, and milliseconds of processor each."""


def timed(send: Callable[[int], object], number: int) -> Speed:
    started, busy = time.perf_counter(), time.process_time()
    for one in range(number):
        send(one)
    return number / (time.perf_counter() - started), 1000 * (time.process_time() - busy) / number


def composed(port: int, idle: float, number: int) -> Speed:
    """Mails that are composed and handed over, and nothing else; `idle` 0: a connection each."""
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER, BASE, idle=idle)
    return timed(lambda one: mailer.send(replace(MAIL, key=str(one))), number)


def bare(port: int, number: int) -> Speed:
    """One finished mail again and again, by smtplib over one connection."""
    content = compose(MAIL, SENDER, BASE)
    with smtplib.SMTP("127.0.0.1", port) as line:
        return timed(lambda one: line.sendmail(SENDER, [MAIL.to], content), number)


def told(name: str, *speeds: Speed) -> None:
    rate, busy = (statistics.median(values) for values in zip(*speeds, strict=True))
    click.echo(f"{name}: {rate:,.0f} mails/s, {busy:.1f} ms of processor each")


def many_watch(database: Database, people: int) -> None:
    """That many people watch a public article, and are to be told of it."""
    with database.write() as session:
        now = clock.now()
        key = write(session, "Totals are rounded twice").article.key
        session.add_all(
            Person(key=keys.new_key(), email=f"reader{n}@many.example", name=f"Reader {n}", created_at=now)
            for n in range(people)
        )
        session.flush()
        for person_id in session.scalars(select(Person.id).where(Person.email.like("%@many.example"))):
            row = Subscription(person_id=person_id, kind="article", topic=key, level=Level.WATCHING, changed_at=now)
            session.add(row)
        announce(session, "article-published", Ref("article", key))


def processor_seconds(pid: int) -> float:
    """How long a process has been busy: comparable however much else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def states(database: Database, state: DeliveryState) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == state)) or 0


@click.command()
@click.option("--people", default=1000, show_default=True, help="Mails to send.")
@click.option("--postgresql", is_flag=True, help="On a PostgreSQL server of its own instead of SQLite.")
@click.option("--runs", default=1, show_default=True, help="Medians of so many.")
def main(people: int, postgresql: bool, runs: int) -> None:
    """How many mails about notices leave in a second."""
    plain, mailer, each, ours = list[Speed](), list[Speed](), list[Speed](), list[Speed]()
    with sink() as (port, taken):
        for _ in range(runs):
            plain.append(bare(port, 300))
            mailer.append(composed(port, 15.0, 300))
            each.append(composed(port, 0.0, 50))
            ours.append(by_the_site(port, taken, people, postgresql))
            plain.append(bare(port, 300))
    told("about a notice, by the worker", *ours)
    told("composed and handed over, one connection", *mailer)
    told("composed and handed over, a connection each", *each)
    told("bare smtplib, one finished mail", *plain)
    rates = [statistics.median(rate for rate, _busy in speeds) for speeds in (ours, plain)]
    click.echo(f"ours / bare: {rates[0] / rates[1]:.3f} of the mails; load of the machine {os.getloadavg()[0]:.1f}")


def by_the_site(port: int, taken: "Synchronized[int]", people: int, postgresql: bool) -> Speed:
    """A fresh site, and everybody told once."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(postgres_server(durable=True)) if postgresql else ""
        url = server.format(name="postgres")
        environment = {
            **os.environ,
            "SPORTELLO_ENVIRONMENT": "development",
            "SPORTELLO_VAR_DIR": folder,
            "SPORTELLO_DATABASE_URL": url,
            "SPORTELLO_SMTP_URL": f"smtp://127.0.0.1:{port}",
        }
        command = [sys.executable, "-m", "sportello.portal"]
        subprocess.run([*command, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        os.environ.update(environment)
        return _measure(command, environment, people, taken)


def _measure(command: list[str], environment: dict[str, str], people: int, taken: "Synchronized[int]") -> Speed:
    site = open_site(Settings.from_env())
    many_watch(site.database, people)
    before = taken.value
    worker = subprocess.Popen([*command, "worker"], env=environment, stderr=subprocess.DEVNULL)
    try:
        while taken.value <= before + people // 10:  # it has started, and everybody is queued
            time.sleep(0.02)
        begin, started, busy = taken.value, time.perf_counter(), processor_seconds(worker.pid)
        while taken.value < before + people:
            time.sleep(0.02)
        sent, seconds = taken.value - begin, time.perf_counter() - started
        busy = processor_seconds(worker.pid) - busy
        while states(site.database, DeliveryState.QUEUED):
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait()
    assert (states(site.database, DeliveryState.SENT), taken.value - before) == (people, people)
    site.database.dispose()
    return sent / seconds, 1000 * busy / sent


if __name__ == "__main__":
    main()
