"""Critical notices as subjects of what people are told: read by whoever may read what they are about, once sent."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from sportello.core.audience import Viewer
from sportello.core.types import Ref
from sportello.notifications.models import CriticalNotice, CriticalState
from sportello.notifications.registry import Subject, registry

KIND = "critical"
KEPT = 128  # statements, of viewers who read different things
OUT = (CriticalState.SENT, CriticalState.CLOSED, CriticalState.WITHDRAWN)
"""States in which people have heard of it."""


def pick(texts: Mapping[str, str], *languages: str) -> tuple[str, str]:
    """Language and text: of the first language that has one, else of any; empty when there is none."""
    for language in (*languages, *texts):
        if texts.get(language):
            return language, texts[language]
    return "", ""


def abouts(session: Session, notices: Iterable[CriticalNotice]) -> dict[str, Subject]:
    """What they are about, as it is now, by written ref; without what is gone. A statement or few for each kind.

    Nothing of it may be shown before `admits` was asked.
    """
    keys: dict[str, set[str]] = {}
    for ref in (Ref.parse(notice.subject) for notice in notices):
        keys.setdefault(ref.kind, set()).add(ref.key)
    found: dict[str, Subject] = {}
    for kind, wanted in keys.items():
        if (source := registry.sources.get(kind)) is not None:
            found |= {str(subject.ref): subject for subject in source.subjects(session, wanted).values()}
    return found


def as_subject(notice: CriticalNotice, about: Subject) -> Subject:
    """The notice with the audience of what it is about: it is told of under that name, with its own words."""
    return Subject(
        ref=Ref(KIND, notice.key),
        audience=about.audience,
        released=about.released and notice.state in OUT,
        titles=about.titles,
        paths=dict.fromkeys(about.titles, f"/critical/{notice.key}"),
        summaries={language: pick(notice.consequence, language)[1] for language in about.titles},
        products=frozenset(notice.products),
        versions=notice.products,
        source_language=about.source_language,
    )


class CriticalSource:
    """The registered source of critical notices."""

    kind = KIND

    def subjects(self, session: Session, keys: Collection[str]) -> Mapping[str, Subject]:
        """By key; without those whose article is gone."""
        notices = session.scalars(select(CriticalNotice).where(CriticalNotice.key.in_(sorted(keys)))).all()
        about = abouts(session, notices)
        return {row.key: as_subject(row, about[row.subject]) for row in notices if row.subject in about}

    def visible_keys(self, viewer: Viewer) -> Select[Any]:
        """Of those that went out about something that the viewer may read now."""
        others = sorted((kind, source) for kind, source in registry.sources.items() if kind != KIND)
        return _keys(tuple((kind, source.visible_keys(viewer)) for kind, source in others))


@lru_cache(maxsize=KEPT)
def _keys(asked: tuple[tuple[str, Select[Any]], ...]) -> Select[Any]:
    """Each notice asks about its own subject, so that nothing else is looked at."""
    about: list[ColumnElement[bool]] = []
    for kind, keys in asked:
        subject = func.substr(CriticalNotice.subject, len(kind) + 2)
        one = keys.where(keys.selected_columns[0] == subject).correlate(CriticalNotice).exists()
        about.append(and_(CriticalNotice.subject.startswith(f"{kind}:", autoescape=True), one))
    return select(CriticalNotice.key).where(CriticalNotice.state.in_(OUT), or_(false(), *about))
