"""Hits that matched inside something else, an attachment: where the row itself lacks words of the query, its parts are
looked through and the best place is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from search_index.page import Entry
from search_index.query.tree import Query
from search_index.snippets import Highlighter
from search_index.sources import Part, Source
from sportello.core.audience import Viewer
from sportello.core.types import Ref


def with_parts(
    session: Session, viewer: Viewer, sources: Sequence[Source], entries: Sequence[Entry], query: Query
) -> tuple[Entry, ...]:
    """The entries, with the place in a part of words that title and text lack: two statements a kind, or none."""
    highlighter = Highlighter(query)
    lacking = {entry.row.ref: words for entry in entries if (words := highlighter.lacking(entry.row))}
    if not lacking:
        return tuple(entries)
    parts = _parts(session, viewer, sources, {entry.row.ref: entry.row.language for entry in entries}, lacking)
    shown = []
    for entry in entries:
        inside = parts.get(entry.row.ref)
        if inside:
            place = highlighter.inside(inside, entry.row.language, lacking[entry.row.ref])
            entry = replace(entry, inside=place)
        shown.append(entry)
    return tuple(shown)


def _parts(
    session: Session,
    viewer: Viewer,
    sources: Sequence[Source],
    languages: Mapping[Ref, str],
    wanted: Mapping[Ref, frozenset[int]],
) -> dict[Ref, Sequence[Part]]:
    found: dict[Ref, Sequence[Part]] = {}
    for source in sources:
        keys = {ref.key: languages[ref] for ref in wanted if ref.kind == source.kind}
        if keys:
            found |= {Ref(source.kind, key): parts for key, parts in source.parts(session, viewer, keys).items()}
    return found
