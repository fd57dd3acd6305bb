"""Many rows in one statement, whose text does not grow with their number where the database is another machine.

A statement that names every value costs more to write down, to send and to read than the rows cost to store. PostgreSQL
takes each column as one array instead; SQLite, which is part of the process, takes the values one by one.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Select,
    SQLColumnExpression,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy import String as AnyString
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


def insert_rows(
    session: Session,
    table: Any,
    same: Mapping[str, Any],
    each: Mapping[str, Sequence[Any]],
    *,
    once: bool = False,
    returning: str = "",
) -> Sequence[Any]:
    """Insert as many rows as the columns of `each` are long (numbers, texts, JSON); those of `same` are alike in all.

    `once`: a row that is there is left alone. `returning`: the column that is given back of the rows that were made.
    """
    rows = len(next(iter(each.values())))
    if not rows:
        return []
    if session.get_bind().dialect.name == "postgresql":
        into = insert_into(session, table).from_select([*each, *same], _unfolded(table, same, each))
        values = None
    else:
        into = insert_into(session, table)
        values = [dict(zip(each, row, strict=True)) | dict(same) for row in zip(*each.values(), strict=True)]
    if once:
        into = into.on_conflict_do_nothing()
    if returning:
        into = into.returning(table.c[returning])
    made = session.execute(into, values)
    return made.scalars().all() if returning else []


def insert_into(session: Session, model: Any) -> Any:
    """The `INSERT` of this very database, which knows `ON CONFLICT`: the two have no common one."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


class _Numbers(TypeDecorator[Collection[int]]):
    """Whole numbers as one value: an array, or a text where there are none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(BigInteger) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        numbers = sorted(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


class _Among(FunctionElement[bool]):
    """A condition as it stands: compared with true, as SQLite's functions are, no index would answer it."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_Among":
        return self


@compiles(_Among)
def _as_array(element: _Among, compiler: Any, **more: Any) -> str:
    column, numbers = element.clauses
    return f"({compiler.process(column, **more)} = ANY ({compiler.process(numbers, **more)}))"


@compiles(_Among, "sqlite")
def _as_list(element: _Among, compiler: Any, **more: Any) -> str:
    column, numbers = element.clauses
    return f"({compiler.process(column, **more)} IN (SELECT value FROM json_each({compiler.process(numbers, **more)})))"


def among(column: SQLColumnExpression[Any], numbers: Collection[int] | str) -> ColumnElement[bool]:
    """`column` is one of `numbers`, however many they are; a text names the parameter that they come in."""
    given = bindparam(numbers, type_=_Numbers) if isinstance(numbers, str) else bindparam(None, numbers, _Numbers)
    return _Among(column, given)


def _unfolded(table: Table, same: Mapping[str, Any], each: Mapping[str, Sequence[Any]]) -> Select[Any]:
    """The rows as a `SELECT`: the arrays side by side, and what is alike."""
    arrays = [bindparam(None, *_array(table, name, values), unique=True) for name, values in each.items()]
    rows = func.unnest(*arrays).table_valued(*each).render_derived()
    columns = [cast(rows.c[name], table.c[name].type) for name in each]
    return select(*columns, *(literal(value, table.c[name].type) for name, value in same.items()))


def _array(table: Table, name: str, values: Sequence[Any]) -> tuple[list[Any], TypeEngine[Any]]:
    type = table.c[name].type
    if isinstance(type, JSON):
        return [json.dumps(value) for value in values], ARRAY(Text)
    return list(values), ARRAY(Text if isinstance(type, AnyString) else BigInteger)
