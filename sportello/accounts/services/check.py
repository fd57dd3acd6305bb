"""Checks of single values: each returns the value as it is stored, or raises Invalid at its field."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Organisation, Product
from sportello.core.audience import STAFF_ROLES, Role
from sportello.core.errors import N_, Invalid

LANGUAGES = ("en", "it")
THEMES = ("auto", "light", "dark")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def check_email(email: str) -> str:
    """A well-formed address in lower case; whether it exists is for the mail to find out."""
    try:
        address = validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid(N_("“%(email)s” is not an e-mail address."), field="email", email=email) from None
    if len(address) > 254:
        raise Invalid(N_("This address is too long."), field="email")
    return address


def check_name(value: str, field: str = "name", limit: int = 200) -> str:
    """A name on one line, without control characters."""
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if not text:
        raise Invalid(N_("A name is needed."), field=field)
    if len(text) > limit:
        raise Invalid(N_("Use at most %(count)s characters."), field=field, count=limit)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Invalid(N_("A name has no control characters."), field=field)
    return text


def check_code(value: str) -> str:
    """A code as audience keys use it."""
    if not _CODE.fullmatch(value):
        message = N_("A code begins with a letter and has at most 40 of a-z, 0-9 and hyphens.")
        raise Invalid(message, field="code")
    return value


def check_language(value: str) -> str:
    if value not in LANGUAGES:
        raise Invalid(N_("“%(value)s” is not a language of this site; use en or it."), "language", value=value)
    return value


@cache
def known_timezones() -> frozenset[str]:
    """The names of the IANA time zone database, read from the disk once."""
    return frozenset(available_timezones())


def check_timezone(value: str) -> str:
    """A name of the IANA time zone database."""
    if value not in known_timezones():
        message = N_("“%(value)s” is not a time zone; an example is Europe/Rome.")
        raise Invalid(message, field="timezone", value=value)
    return value


def check_theme(value: str) -> str:
    if value not in THEMES:
        raise Invalid(N_("“%(value)s” is not an appearance; use auto, light or dark."), "theme", value=value)
    return value


def check_roles(roles: Iterable[str], organisation: Organisation | None) -> frozenset[Role]:
    """At least one role; customers belong to an organisation, staff to none, and nobody is both."""
    try:
        chosen = frozenset(Role(role) for role in roles)
    except ValueError as error:
        unknown = str(error).split("'")[1]
        known = ", ".join(Role)
        message = N_("“%(role)s” is not a role; the roles are %(known)s.")
        raise Invalid(message, field="roles", role=unknown, known=known) from None
    if not chosen:
        raise Invalid(N_("Choose at least one role."), field="roles")
    staff = chosen & STAFF_ROLES
    if staff and chosen - STAFF_ROLES:
        raise Invalid(N_("Nobody is a customer and staff at once: choose roles of one kind."), field="roles")
    if staff and organisation is not None:
        raise Invalid(N_("Staff read everything and belong to no organisation."), field="organisation")
    if not staff and organisation is None:
        raise Invalid(N_("A customer belongs to an organisation."), field="organisation")
    return chosen


def check_products(session: Session, codes: Iterable[str]) -> list[Product]:
    """The products of these codes."""
    wanted = sorted(set(codes))
    found = list(session.scalars(select(Product).where(Product.code.in_(wanted)).order_by(Product.code)))
    if missing := sorted(set(wanted) - {product.code for product in found}):
        raise Invalid(N_("There is no product “%(code)s”."), field="products", code=missing[0])
    return found
