"""What an outbox handler gets: the parts of the running site. `sportello.portal.wiring` says who handles what.

A handler is `def on_article_changed(site: Site, event: ArticleChanged) -> None`. It opens its own sessions, makes
things equal to the database as it is now, and raises when it could not: the worker tries again. What it did outside the
database it may return as an `Ending`: that is written in the transaction that marks the event as handled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from sportello.core.db import Database
from sportello.core.mail import Mailer
from sportello.core.settings import Settings
from sportello.core.storage import MediaStorage


@dataclass(frozen=True)
class Site:
    """The running site without its web side: what handlers, commands and checks work with.

    `engine` is the search engine and `plans` the plan matrix; their types are known to those packages.
    """

    settings: Settings
    database: Database
    mailer: Mailer
    media: MediaStorage
    engine: Any
    plans: Any


Ending = Callable[[Session], None]
Handler = Callable[[Site, Any], Ending | None]
