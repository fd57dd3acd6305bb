"""The one rule: visible  <=>  item.audience in viewer.audiences (and published, or the viewer edits).

An item carries exactly one audience key; a viewer carries the frozen set of keys they may read, computed here from
the live plan of their organisation, its products and their role, once per request. The same rule is compiled to
Python (`admits`), to SQL (`Model.visible_to(viewer)`) and to search (the set names the partitions to open).

Keys: `public`; a plan code (that plan and above); `PLAN@PRODUCT` (narrowed to licensees); `org:KEY`; `staff`.
`EVERYTHING` in a viewer's set admits every key: staff, and the system itself.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, String, select, true
from sqlalchemy.orm import Mapped, mapped_column

from sportello.core.errors import N_, Invalid

PUBLIC = "public"
STAFF = "staff"
EVERYTHING = "*"
VISIBLE_TO = "sportello_visible_to"  # execution option that the session guard looks for

_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Role(StrEnum):
    """What a person is here; a person has a set of them."""

    CUSTOMER = "customer"
    CONTACT = "contact"  # company contact: manages the colleagues of their organisation
    AGENT = "agent"  # answers
    EDITOR = "editor"  # publishes
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


STAFF_ROLES = frozenset({Role.AGENT, Role.EDITOR, Role.MODERATOR, Role.ADMINISTRATOR})
WRITING_ROLES = frozenset({Role.AGENT, Role.EDITOR, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Viewer:
    """Who is looking, and the set of audience keys that they may read. Immutable; one per request."""

    audiences: frozenset[str]
    person_id: int | None = None
    name: str = ""
    roles: frozenset[Role] = frozenset()
    organisation_id: int | None = None
    organisation: str = ""
    plan: str | None = None  # plan code while coverage lasts, else None
    products: frozenset[str] = frozenset()  # licensed product codes while coverage lasts
    features: frozenset[str] = frozenset()  # rows of the plans matrix that the plan has, while coverage lasts
    language: str = "en"
    timezone: str = "UTC"
    extra: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF_ROLES)

    @property
    def writes(self) -> bool:
        """Writes articles, and so sees drafts, staged changes and history."""
        return bool(self.roles & WRITING_ROLES)

    @property
    def reads_everything(self) -> bool:
        return EVERYTHING in self.audiences


ANONYMOUS_AUDIENCES = frozenset({PUBLIC})
EVERY_AUDIENCE = frozenset({EVERYTHING})


def anonymous(language: str = "en") -> Viewer:
    """Nobody in particular: reads what is public."""
    return Viewer(audiences=ANONYMOUS_AUDIENCES, language=language)


def system(language: str = "en") -> Viewer:
    """The site itself (worker, importer, migrations of content): reads everything, may do everything."""
    return Viewer(audiences=EVERY_AUDIENCE, roles=frozenset(Role), name="system", language=language)


def readable_keys(
    ladder: Sequence[str],
    *,
    plan: str | None,
    products: Iterable[str] = (),
    organisation: str | None = None,
    staff: bool = False,
) -> frozenset[str]:
    """The audience keys of a viewer.

    `ladder`: plan codes, lowest first. `plan`: the code held, None when not covered (then `public` only, no matter
    the products or the organisation). `organisation`: its public key.
    """
    if staff:
        return EVERY_AUDIENCE
    if plan is None or plan not in ladder:
        return ANONYMOUS_AUDIENCES
    held = ladder[: ladder.index(plan) + 1]
    keys = {PUBLIC, *held, *(f"{code}@{product}" for code in held for product in products)}
    if organisation:
        keys.add(f"org:{organisation}")
    return frozenset(keys)


def admits(viewer: Viewer, audience: str) -> bool:
    """The rule in Python."""
    return EVERYTHING in viewer.audiences or audience in viewer.audiences


def check_key(audience: str, ladder: Collection[str]) -> str:
    """Return `audience` if it is a well-formed key of this plan ladder, else raise Invalid."""
    plan, _, product = audience.partition("@")
    if audience in (PUBLIC, STAFF) or (audience.startswith("org:") and len(audience) > 4):
        return audience
    if plan in ladder and ("@" not in audience or _CODE.fullmatch(product)):
        return audience
    raise Invalid(N_("“%(audience)s” is not an audience of this site."), field="audience", audience=audience)


class Gated:
    """Mixin of every model that is read through the audience rule.

    A model that carries the key itself has the `audience` column of this mixin; a model that belongs to one
    (a translation to its article) overrides `gate` to name its parent's column and `gate_path` to join it.
    """

    __abstract__ = True
    gate_path: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        """The column that holds the audience key."""
        raise NotImplementedError(f"{cls.__name__} names no audience column")

    @classmethod
    def readable(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Further conditions besides the key: published, own, editor. Default: none."""
        return true()

    @classmethod
    def visible_to(cls, viewer: Viewer, *columns: Any) -> Select[Any]:
        """`SELECT` of this model (or of `columns`) with the audience rule applied: the only way to read it.

        Joined parents are already in the statement; add `where`, `order_by`, `options` freely.
        """
        statement = select(*columns) if columns else select(cls)
        statement = statement.select_from(cls) if columns else statement
        entity: Any = cls
        for step in cls.gate_path:
            link = getattr(entity, step)
            statement = statement.join(link)
            entity = link.property.mapper.class_
        statement = statement.where(cls.readable(viewer))
        if not viewer.reads_everything:
            statement = statement.where(cls.gate().in_(sorted(viewer.audiences)))
        return statement.execution_options(**{VISIBLE_TO: True})


class GatedColumn(Gated):
    """A gated model that carries the audience key itself."""

    __abstract__ = True
    audience: Mapped[str] = mapped_column(String(90), index=True)

    @classmethod
    def gate(cls) -> ColumnElement[str]:
        return cls.__table__.c.audience  # type: ignore[attr-defined, no-any-return]
