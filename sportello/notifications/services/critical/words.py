"""What somebody writes into a critical notice, and whether it is fit to be sent to everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Product, ProductVersion
from sportello.accounts.services.check import LANGUAGES
from sportello.core.errors import N_, Invalid
from sportello.notifications.models import CriticalNotice

MOST = 300  # characters of a sentence of consequence or action, or of a reason
LONGEST_WAIT = 90  # days between reminders
REMIND_DAYS = 3


class Fields(Protocol):
    """A form as it was sent."""

    def get(self, name: str, default: str, /) -> str: ...
    def getlist(self, name: str, /) -> Sequence[str]: ...


@dataclass(frozen=True)
class Words:
    """`products`: {code: [versions]}, an empty list for all versions; `consequence` and `action` by language."""

    products: Mapping[str, Sequence[str]] = field(default_factory=dict)
    consequence: Mapping[str, str] = field(default_factory=dict)
    action: Mapping[str, str] = field(default_factory=dict)
    remind_days: int = REMIND_DAYS

    @classmethod
    def of(cls, notice: CriticalNotice) -> "Words":
        """What stands in a notice now."""
        return cls(notice.products, notice.consequence, notice.action, notice.remind_days)

    @classmethod
    def from_fields(cls, fields: Fields) -> "Words":
        """Checkboxes `products` ("ledger") and `versions` ("ledger 15.1"), texts `consequence_en` and so on.

        What is no number of days is -1, for `check_words` to refuse.
        """
        ticked = [value.partition(" ") for value in fields.getlist("versions")]
        days = fields.get("remind_days", str(REMIND_DAYS)).strip() or "0"
        return cls(
            products={
                code: [version for owner, _, version in ticked if owner == code] for code in fields.getlist("products")
            },
            consequence=texts_of(fields, "consequence"),
            action=texts_of(fields, "action"),
            remind_days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else -1,
        )

    def marks(self) -> dict[str, str]:
        """Consequence and action in one text, by language, as the marked article shows it."""
        return {
            language: f"{text} {self.action.get(language, '')}".strip() for language, text in self.consequence.items()
        }


def texts_of(fields: Fields, name: str) -> dict[str, str]:
    """`name_en`, `name_it`: what was typed, in one line each, without the empty ones."""
    typed = {language: " ".join(fields.get(f"{name}_{language}", "").split()) for language in LANGUAGES}
    return {language: text for language, text in typed.items() if text}


def check_texts(texts: Mapping[str, str], name: str) -> None:
    """Raise Invalid, naming the field, for a text that is too long or cannot be stored."""
    for language, text in texts.items():
        if len(text) > MOST:
            raise Invalid(N_("Use at most %(count)s characters."), field=f"{name}_{language}", count=MOST)
        if "\x00" in text or any(0xD800 <= ord(character) <= 0xDFFF for character in text):
            raise Invalid(N_("This text has characters that cannot be stored."), field=f"{name}_{language}")


def check_words(session: Session, words: Words) -> None:
    """Raise Invalid, naming the field, for what cannot stand in a draft: unknown products, too many words."""
    check_texts(words.consequence, "consequence")
    check_texts(words.action, "action")
    if not 0 <= words.remind_days <= LONGEST_WAIT:
        raise Invalid(N_("A number of days from 0 to %(most)s."), field="remind_days", most=LONGEST_WAIT)
    rows = session.execute(
        select(Product.code, ProductVersion.name)
        .outerjoin(ProductVersion, ProductVersion.product_id == Product.id)
        .where(Product.code.in_(sorted(words.products)))
    )
    known: dict[str, set[str]] = {}
    for code, version in rows:
        known.setdefault(code, set()).add(version)
    for code, versions in words.products.items():
        if code not in known:
            raise Invalid(N_("There is no product “%(code)s”."), field="products", code=code)
        for version in versions:
            if version not in known[code]:
                raise Invalid(N_("There is no version “%(version)s”."), field="products", version=version)


def check_complete(words: Words) -> None:
    """Raise Invalid, naming the field, while something is missing that people must be told."""
    if not words.products:
        raise Invalid(N_("Choose at least one product: its licensees are told."), field="products")
    if not words.consequence:
        raise Invalid(N_("Say what happens, in at least one language."), field="consequence_en")
    for language in words.consequence:
        if language not in words.action:
            raise Invalid(N_("Say what to do at once, in this language too."), field=f"action_{language}")
    for language in words.action:
        if language not in words.consequence:
            raise Invalid(N_("Say what happens, in this language too."), field=f"consequence_{language}")


def put(notice: CriticalNotice, words: Words) -> None:
    """Make the notice say these words."""
    notice.products = {code: list(versions) for code, versions in words.products.items()}
    notice.consequence, notice.action = dict(words.consequence), dict(words.action)
    notice.remind_days = words.remind_days
