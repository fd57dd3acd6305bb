"""What every command of the shell works with: settings and database, opened when first asked for."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import click

from sportello.core.db import Database
from sportello.core.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


class Shell:
    """`settings` raises SettingsError when first read and the environment is wrong: help works without it."""

    def __init__(self, settings: Settings | None = None) -> None:
        if settings is not None:
            self.settings = settings

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment."""
        return Settings.from_env()

    @cached_property
    def database(self) -> Database:
        """The site's database; closed by whoever runs the shell."""
        return Database(self.settings.database, self.settings.counters_database)

    def close(self) -> None:
        """Let go of the database if it was opened."""
        if "database" in self.__dict__:
            self.database.dispose()


pass_shell = click.make_pass_decorator(Shell, ensure=True)
