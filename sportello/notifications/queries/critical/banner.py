"""The banner that stays on every page until it is acknowledged; asked by rule, of what is true now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, exists, false, or_, select
from sqlalchemy.orm import Session

from sportello.accounts.models import Product
from sportello.core.audience import Viewer, admits
from sportello.notifications.models import Acknowledgement, CriticalMessage, CriticalNotice, CriticalState, MessageKind
from sportello.notifications.queries.critical.reach import concerned
from sportello.notifications.queries.critical.subjects import OUT, abouts, pick
from sportello.notifications.registry import Subject

NOBODY = -1


@dataclass(frozen=True)
class Shown:
    """A critical notice as a customer sees it. `about`: where its solution is; `labels`: products with versions."""

    key: str
    version: int
    state: str
    subject: str
    title: str
    title_language: str
    consequence: str
    action: str
    language: str
    about: str
    products: frozenset[str]
    labels: Sequence[str]
    sent_at: datetime
    ended_at: datetime | None = None
    acknowledged: bool = False


@dataclass(frozen=True)
class Said:
    """One message, in the viewer's language if it was written in it."""

    kind: str
    at: datetime
    language: str
    reason: str
    consequence: str
    action: str


def acknowledged(viewer: Viewer) -> ColumnElement[bool]:
    """The viewer, or a contact for the whole of their organisation, has acknowledged what the notice says now.

    Two questions, each by an index of its own, however many people have.
    """
    said = (Acknowledgement.critical_id == CriticalNotice.id, Acknowledgement.version == CriticalNotice.version)
    ours = Acknowledgement.organisation_id == (viewer.organisation_id or NOBODY)
    return or_(
        exists().where(*said, Acknowledgement.person_id == (viewer.person_id or NOBODY)),
        exists().where(*said, ours, Acknowledgement.for_organisation.is_(True)),
    )


def names_one_of(products: Collection[str]) -> ColumnElement[bool]:
    """It stands there as it is written, `{"ledger": ["15.1"]}`; `concerned` decides. So that notices about what
    somebody does not license cost them nothing, however many there are."""
    written = cast(CriticalNotice.products, Text)
    return or_(false(), *(written.contains(f'"{code}":', autoescape=True) for code in sorted(products)))


def banners(session: Session, viewer: Viewer) -> list[Shown]:
    """What the viewer must still acknowledge, the newest first. No statement for who licenses nothing, else one; a
    few more if there is something."""
    if viewer.person_id is None or not viewer.products:
        return []
    waiting = (CriticalNotice.state == CriticalState.SENT, ~acknowledged(viewer), names_one_of(viewer.products))
    statement = select(CriticalNotice).where(*waiting)
    rows = session.scalars(statement.order_by(CriticalNotice.sent_at.desc(), CriticalNotice.id.desc())).all()
    return _shown(session, viewer, [(row, False) for row in rows])


def my_notices(session: Session, viewer: Viewer) -> list[Shown]:
    """Everything critical for the viewer's products that is not withdrawn, the newest first."""
    if viewer.person_id is None or not viewer.products:
        return []
    states = (CriticalState.SENT, CriticalState.CLOSED)
    statement = select(CriticalNotice, acknowledged(viewer)).where(CriticalNotice.state.in_(states))
    statement = statement.where(names_one_of(viewer.products))
    rows = session.execute(statement.order_by(CriticalNotice.sent_at.desc(), CriticalNotice.id.desc()).limit(200))
    return _shown(session, viewer, [(row[0], bool(row[1])) for row in rows])


def find_shown(session: Session, viewer: Viewer, key: str) -> Shown | None:
    """One that went out, for whoever may read what it is about; None for everybody else."""
    statement = select(CriticalNotice, acknowledged(viewer)).where(
        CriticalNotice.key == key, CriticalNotice.state.in_(OUT)
    )
    rows = [(row[0], bool(row[1])) for row in session.execute(statement)]
    return next(iter(_shown(session, viewer, rows, licensed=False)), None)


def history_of(session: Session, viewer: Viewer, key: str) -> list[Said]:
    """What went out for a notice that the viewer was shown, the newest first; without reminders, which repeat it."""
    kinds = (MessageKind.NOTICE, MessageKind.CORRECTION, MessageKind.WITHDRAWAL)
    statement = (
        select(CriticalMessage)
        .join(CriticalNotice, CriticalNotice.id == CriticalMessage.critical_id)
        .where(CriticalNotice.key == key, CriticalMessage.kind.in_(kinds))
    )
    found = []
    for row in session.scalars(statement.order_by(CriticalMessage.id.desc())):
        language = next((code for code in (viewer.language, *row.texts) if code in row.texts), "")
        words = row.texts.get(language, {})
        parts = (words.get(name, "") for name in ("reason", "consequence", "action"))
        found.append(Said(row.kind, row.sent_at, language, *parts))
    return found


def _shown(
    session: Session, viewer: Viewer, rows: Sequence[tuple[CriticalNotice, bool]], *, licensed: bool = True
) -> list[Shown]:
    if licensed:
        rows = [(row, known) for row, known in rows if concerned(viewer, row.products)]
    if not rows:
        return []
    found = abouts(session, [row for row, _known in rows])
    names = product_names(session)
    return [
        show(viewer, row, about, names, known)
        for row, known in rows
        if (about := found.get(row.subject)) and about.released and admits(viewer, about.audience)
    ]


def show(viewer: Viewer, row: CriticalNotice, about: Subject, names: dict[str, str], known: bool = False) -> Shown:
    """The notice in the viewer's language, as far as it has it."""
    language = about.language(viewer.language)
    spoken, consequence = pick(row.consequence, viewer.language, language)
    return Shown(
        key=row.key,
        version=row.version,
        state=row.state,
        subject=row.subject,
        title=about.titles[language],
        title_language=language,
        consequence=consequence,
        action=pick(row.action, spoken, viewer.language, language)[1],
        language=spoken,
        about=about.paths[language],
        products=frozenset(row.products),
        labels=labels(row.products, names),
        sent_at=row.sent_at or row.created_at,
        ended_at=row.ended_at,
        acknowledged=known,
    )


def product_names(session: Session) -> dict[str, str]:
    """Every product's name, by code."""
    return dict(session.execute(select(Product.code, Product.name)).all())


def labels(products: dict[str, Any], names: dict[str, str]) -> list[str]:
    """Each product with its versions, by name: "Ledger 15.0, 15.1"; "Ledger" for all of them."""
    ordered = sorted(products, key=lambda code: names.get(code, code))
    return [" ".join((names.get(code, code), ", ".join(products[code]))).strip() for code in ordered]
