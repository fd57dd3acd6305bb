"""What the leading worker does by the clock, beside the outbox."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sportello.core.errors import Unavailable
from sportello.core.handling import Site

log = logging.getLogger(__name__)


@dataclass
class Duty:
    """`run(site)` every `every` seconds, the first time when the worker starts to lead."""

    name: str
    every: float
    run: Callable[[Site], None]
    _due: float = field(default=0.0)

    def run_if_due(self, site: Site) -> None:
        """A duty that fails is noted and comes again in its time; it never stops the worker."""
        if (now := time.monotonic()) < self._due:
            return
        self._due = now + self.every
        try:
            self.run(site)
        except Unavailable as error:
            log.warning("duty %s postponed: %s", self.name, error)
            self._due = now + min(self.every, 10.0)
        except Exception:
            log.exception("duty %s failed", self.name)
