"""Reading a plans file: every mistake is one line that says where it is and what belongs there."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from sportello.accounts.plans import Area, Feature, FeatureRow, Plan, Plans, PlansError, Value, Words
from sportello.core.audience import PUBLIC, STAFF

LANGUAGES = ("en", "it")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_NAMED = frozenset({"code", "name"})
_FEATURE = frozenset({"key", "area", "name", "description", "values"})


def read(data: Mapping[str, Any]) -> Plans:
    """The plans of a parsed TOML document. Raises PlansError."""
    codes = [_code(row, "plans", "code", _NAMED) for row in _rows(data, "plans")]
    areas = [_code(row, "areas", "code", _NAMED) for row in _rows(data, "areas")]
    for kind, found in (("plan", codes), ("area", areas)):
        _unique(kind, found)
    if reserved := {PUBLIC, STAFF, "org"} & set(codes):
        raise PlansError(f"plan code {min(reserved)!r} is reserved")
    rows = [_feature(row, codes, areas) for row in _rows(data, "features")]
    _unique("feature", [row.key for row in rows])
    if missing := [feature for feature in Feature if feature not in {row.key for row in rows}]:
        raise PlansError(f"feature {missing[0].value!r} is missing; give it a value of false if no plan has it")
    names = [_text(row.get("name"), f"plan {code!r}", "name") for row, code in zip(data["plans"], codes, strict=True)]
    return Plans(
        plans=tuple(
            Plan(code, name, {row.key: row.values[code] for row in rows})
            for code, name in zip(codes, names, strict=True)
        ),
        areas=tuple(
            Area(
                code,
                _words(row.get("name"), f"area {code!r}", "name"),
                tuple(r for r in rows if r.area == code),
            )
            for row, code in zip(data["areas"], areas, strict=True)
        ),
    )


def _rows(data: Mapping[str, Any], table: str) -> Iterator[Mapping[str, Any]]:
    rows = data.get(table)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise PlansError(f"there must be at least one [[{table}]]")
    return iter(rows)


def _code(row: Mapping[str, Any], table: str, field: str, known: frozenset[str]) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise PlansError(f"[[{table}]] {field} = {value!r}: use at most 40 of a-z, 0-9 and hyphen")
    if unknown := sorted(set(row) - known):
        raise PlansError(f"[[{table}]] {value!r}: {unknown[0]!r} is not known here")
    return value


def _unique(kind: str, found: list[str]) -> None:
    if twice := [code for code in found if found.count(code) > 1]:
        raise PlansError(f"{kind} {twice[0]!r} stands there twice")


def _text(value: Any, where: str, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PlansError(f"{where}: {field} must be a text")
    return value


def _words(value: Any, where: str, field: str) -> Words:
    if isinstance(value, str):
        return Words(_text(value, where, field), value)
    if not isinstance(value, dict) or sorted(value) != sorted(LANGUAGES):
        raise PlansError(f"{where}: {field} must be a text, or one text each for en and it")
    return Words(*(_text(value[language], where, f"{field}.{language}") for language in LANGUAGES))


def _feature(row: Mapping[str, Any], plans: list[str], areas: list[str]) -> FeatureRow:
    key = _code(row, "features", "key", _FEATURE)
    where = f"feature {key!r}"
    if row.get("area") not in areas:
        raise PlansError(f"{where}: area {row.get('area')!r} is not one of {', '.join(areas)}")
    values = row.get("values")
    if not isinstance(values, dict) or sorted(values) != sorted(plans):
        raise PlansError(f"{where}: values must have exactly the plans {', '.join(plans)}")
    read: dict[str, Value] = {}
    for plan in plans:
        value = values[plan]
        read[plan] = value if isinstance(value, bool) else _words(value, where, f"values.{plan}")
    for lower, higher in pairwise(plans):
        if read[lower] is not False and read[higher] is False:
            raise PlansError(f"{where}: {lower} has it, so {higher} must have it too")
    description = _words(row["description"], where, "description") if row.get("description") else Words("", "")
    return FeatureRow(key, row["area"], _words(row.get("name"), where, "name"), description, read)
