"""Whole sites for the gating proofs: application, database, index, worker, seeded alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from sportello.accounts.models import Product
from sportello.core.db import CountersBase, Database
from sportello.core.settings import Settings
from sportello.core.storage import FolderStorage
from sportello.portal.app import create_app
from tests import people
from tests.databases import Databases
from tests.gating import world
from tests.gating.world import Item
from tests.work import work_off


@dataclass
class Site:
    """One running site and what was written into it."""

    app: Flask
    database: Database
    cast: people.Cast
    slugs: dict[Item, list[str]]

    def settle(self) -> None:
        """Let the worker do everything that waits."""
        work_off(self.app)


def make_site(
    folder: Path,
    databases: Databases,
    keep: Callable[[Item], bool] = lambda item: True,
    *,
    settle: bool = True,
    **changes: Any,
) -> Iterator[Site]:
    """A site with the cast and the kept items, indexed; `changes` of its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    url = databases.fresh(folder / "sportello.sqlite")
    settings = Settings(
        environment="development",
        secret_key="a-secret-key-for-tests-of-32-characters",
        var_dir=folder,
        database_url=url if url.startswith("postgresql") else "",
        operator_name="Meridiana",
        limit_search_person=10_000,
        limit_search_ip=10_000,
        **changes,
    )
    database = Database(settings.database, settings.counters_database)
    if settings.counters_database:
        CountersBase.metadata.create_all(database.counters_engine)
    with database.write() as session:
        cast = people.make_cast(session)
    with database.write() as session:
        slugs = world.seed(session, FolderStorage(settings.media_dir), keep)
        if not any("foundry" in item.draft().products for item in slugs):  # nobody licenses it: it never existed
            session.delete(session.get_one(Product, cast.products["foundry"].id))
    app = create_app(settings, database)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    site = Site(app, database, cast, slugs)
    if settle:
        site.settle()
    yield site
    database.dispose()
    databases.drop(url)
