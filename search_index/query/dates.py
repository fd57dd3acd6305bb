"""`updated:>2026-01`: a comparison with a year, a month or a day, all in UTC."""

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"(?P<op>>=|<=|>|<|=)?(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?")


def period(value: str) -> tuple[datetime | None, datetime | None]:
    """(from inclusive, to exclusive) of a value such as `2026`, `>2026-01`, `<=2026-01-15`.

    `>` means after that whole year, month or day; `<` before its first moment. Raises ValueError.
    """
    match = _FORM.fullmatch(value)
    if match is None:
        raise ValueError(value)
    try:
        start, end = _bounds(match["year"], match["month"], match["day"])
    except OverflowError as error:
        raise ValueError(value) from error
    return {
        ">": (end, None),
        ">=": (start, None),
        "<": (None, start),
        "<=": (None, end),
    }.get(match["op"] or "", (start, end))


def _bounds(year: str, month: str | None, day: str | None) -> tuple[datetime, datetime]:
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    if day:
        return start, start + timedelta(days=1)
    if month:
        following = (start + timedelta(days=31)).replace(day=1)
        return start, following
    return start, start.replace(year=start.year + 1)
