"""Column types and small values that every model shares."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. A naive value is refused (ValueError), so none can enter."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: use sportello.core.clock.now()")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value  # SQLite gives it back naive, PostgreSQL in the session's zone
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")

pk = Annotated[int, mapped_column(BigId, primary_key=True, autoincrement=True)]
fk = Annotated[int, mapped_column(BigId)]
key10 = Annotated[str, mapped_column(String(10), unique=True)]
code = Annotated[str, mapped_column(String(40))]
name = Annotated[str, mapped_column(String(200))]
title = Annotated[str, mapped_column(String(300))]
text = Annotated[str, mapped_column(Text)]
lang = Annotated[str, mapped_column(String(8))]
instant = Annotated[datetime, mapped_column(UTCDateTime)]


@dataclass(frozen=True, order=True)
class Ref:
    """A pointer to something of any feature: features know each other only by these values.

    `kind` is "article", "recording", "topic", ...; `key` its public random key.
    """

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"

    @classmethod
    def parse(cls, value: str) -> "Ref":
        """The reverse of str(); raises ValueError when there is no colon."""
        kind, key = value.split(":", 1)
        return cls(kind, key)
