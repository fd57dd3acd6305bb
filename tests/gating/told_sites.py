"""Sites in which everybody was told everything, each with the system that every organisation has called."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import time_machine

from tests.databases import Databases
from tests.gating import world
from tests.gating.sites import Site, make_site
from tests.gating.telling import HOME, MORNING, calls_of, deliver, listen, mails_of, tell
from tests.gating.world import Item
from tests.notifications.systems import LOOPBACK, System, answering, system

Prepare = Callable[[Site], None]


@dataclass
class Told:
    """A site that was told everything, and the system that every organisation has called."""

    site: Site
    system: System

    def got(self, name: str) -> dict[str, object]:
        """All that left the site for somebody: mails, digests, calls."""
        calls = calls_of(self.system, name) if name in HOME else []
        return {"mails": mails_of(self.site, name), "calls": calls}


def nothing(site: Site) -> None:
    """Nothing happens meanwhile."""


@contextmanager
def told(
    folder: Path,
    databases: Databases,
    keep: Callable[[Item], bool] = lambda item: True,
    *,
    before: Prepare = nothing,
    meanwhile: Prepare = nothing,
) -> Iterator[Told]:
    """A site, told: `before` that, and between queueing and sending, something may happen."""
    with ExitStack() as open:
        open.enter_context(time_machine.travel(world.NOW, tick=False))
        called = open.enter_context(system(answering()))
        making = make_site(folder, databases, keep, webhook_networks=LOOPBACK)
        site = next(making)
        open.callback(lambda: next(making, None))
        before(site)
        listen(site, called)
        tell(site)
        meanwhile(site)
        deliver(site)
        open.enter_context(time_machine.travel(MORNING, tick=False))
        yield Told(site, called)
