"""Text of a query with a filter added or taken out: what links and the filter form need."""

import re

from search_index.query.fields import FIELDS, FILTER_TOKEN, TITLE
from search_index.query.text import clean


def with_filter(text: str, name: str, value: str) -> str:
    """`text` with `name:value` before it (quoted when it holds a space), unless it is there already.

    Before, because a dangling operator at the end of the text would take it for its operand.
    """
    value = value.replace('"', " ").strip()
    token = f'{name}:"{value}"' if re.search(r"\s", value) else f"{name}:{value}"
    text = clean(text)
    return text if token.lower() in text.lower().split() else f"{token} {text}".strip()


def without_filters(text: str, name: str | None = None) -> str:
    """`text` without its filters (of field `name` only, if given). `title:` is not a filter and stays."""

    def take(match: re.Match[str]) -> str:
        found = FIELDS[match["name"].lower()]
        return " " if found != TITLE and name in (None, found) else match.group()

    return clean(FILTER_TOKEN.sub(take, clean(text)))
