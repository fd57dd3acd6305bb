"""What the pages of the writing side call things: states, significance, settings and their values in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial.models import State
from editorial.settings import LISTS, NAMES, Settings
from editorial.views.readers import sentence_for
from kb.indexing import KIND_LABELS
from kb.models import Category, Confidence, Significance
from kb.views.present import name_of
from sportello.accounts.models import Product
from sportello.core.errors import N_
from sportello.web.i18n import gettext as _

STATES: Mapping[str, str] = {
    State.DRAFT: N_("Draft"),
    State.IN_REVIEW: N_("In review"),
    State.APPROVED: N_("Approved"),
    State.SCHEDULED: N_("Scheduled"),
    State.PUBLISHED: N_("Published"),
    State.REJECTED: N_("Rejected"),
    State.DISCARDED: N_("Discarded"),
}
SIGNIFICANCE: Mapping[str, str] = {
    Significance.TYPO: N_("Typo"),
    Significance.NORMAL: N_("Normal change"),
    Significance.MAJOR: N_("Major change"),
}
CONFIDENCE: Mapping[str, str] = {
    Confidence.WORK_IN_PROGRESS: N_("Work in progress"),
    Confidence.NOT_VALIDATED: N_("Not validated"),
    Confidence.VALIDATED: N_("Validated"),
}
SETTINGS: Mapping[str, str] = {
    "audience": N_("Audience"),
    "kind": N_("Kind"),
    "products": N_("Products"),
    "versions": N_("Versions"),
    "category": N_("Category"),
    "tags": N_("Tags"),
    "codes": N_("Error codes"),
    "critical": N_("Critical notice"),
    "confidence": N_("Confidence"),
    "owner": N_("Owner"),
    "verify_days": N_("Days between verifications"),
}


@dataclass(frozen=True)
class Altered:
    """A setting that differs: its name for people, and both values in words."""

    name: str
    label: str
    before: str
    after: str


def altered(session: Session, before: Settings, after: Settings) -> list[Altered]:
    """What differs between two settings, in the order of the form."""
    names = set(before.differing(after))
    say = {name: _sayer(session, name) for name in names}
    return [
        Altered(name, _(SETTINGS[name]), say[name](getattr(before, name)), say[name](getattr(after, name)))
        for name in NAMES
        if name in names
    ]


def _sayer(session: Session, name: str) -> Callable[[Any], str]:
    """How the values of one setting are said."""
    if name == "audience":
        return lambda key: sentence_for(session, key)
    if name == "kind":
        return lambda kind: str(_(KIND_LABELS.get(kind, kind)))
    if name == "confidence":
        return lambda level: str(_(CONFIDENCE[level])) if level in CONFIDENCE else str(level)
    if name == "category":
        return lambda code: _category(session, code)
    if name == "products":
        names = {row.code: row.name for row in session.execute(select(Product.code, Product.name))}
        return lambda codes: ", ".join(names.get(code, code) for code in codes)
    if name in LISTS:
        return lambda values: ", ".join(values)
    return lambda value: "" if value is None else str(value)


def _category(session: Session, code: str) -> str:
    found = session.scalar(select(Category).where(Category.code == code)) if code else None
    return name_of(found) if found else code
