"""Reading the fields that JSON lines and front matter share. Each function raises ValueError with the reason."""

import re
from datetime import UTC, date, datetime
from typing import Any

from kb.models import Confidence, Kind
from kb.services.draft import LANGUAGES, MAX_LABEL, MAX_TITLE
from kb.services.verify import LONGEST, SHORTEST

MAX_SOURCE_ID = 300
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
# Values of `audience` that name a readership, as in MicrosoftDocs' files; they say nothing about who may read here.
READERSHIPS = frozenset({"itpro", "it pro", "admin", "administrator", "developer", "enduser", "end-user", "end user"})
KINDS = {
    "troubleshooting": Kind.SOLUTION,
    "troubleshooting-general": Kind.SOLUTION,
    "troubleshooting-problem-resolution": Kind.SOLUTION,
    "solution": Kind.SOLUTION,
    "error-reference": Kind.SOLUTION,
    "known-problem": Kind.KNOWN_PROBLEM,
    "known-issue": Kind.KNOWN_PROBLEM,
    "troubleshooting-known-issue": Kind.KNOWN_PROBLEM,
    "how-to": Kind.HOW_TO,
    "how-to-guide": Kind.HOW_TO,
    "quickstart": Kind.HOW_TO,
    "tutorial": Kind.HOW_TO,
    "reference": Kind.REFERENCE,
    "overview": Kind.REFERENCE,
    "conceptual": Kind.REFERENCE,
    "concept-article": Kind.REFERENCE,
    "article": None,
}
_KB_NUMBER = re.compile(r"Original KB number:[_*]{0,2}\s*(?:&nbsp;)?\s*(\d{5,8})\b")


def text(value: Any, name: str) -> str:
    """A piece of text; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        raise ValueError(f"{name} must be text")
    found = str(value)
    try:
        found.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half a character (a lone surrogate)") from None
    return found.replace("\x00", "")


def title(value: Any) -> str:
    """A title on one line, at most 300 characters."""
    found = " ".join(text(value, "title").split())
    if not found:
        raise ValueError("title is missing")
    if len(found) > MAX_TITLE:
        raise ValueError(f"title is longer than {MAX_TITLE} characters")
    return found


def source_id(value: Any) -> str:
    """The record's own name."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = text(value, "id").strip()
    if not found:
        raise ValueError("id is missing")
    if len(found) > MAX_SOURCE_ID:
        raise ValueError(f"id is longer than {MAX_SOURCE_ID} characters")
    return found


def language(value: Any, default: str) -> str:
    """`en` or `it`; `it-IT` is `it`."""
    found = text(value, "lang").strip().lower().replace("_", "-").split("-")[0] or default
    if found not in LANGUAGES:
        raise ValueError(f"language {found!r} is not one of this site ({', '.join(LANGUAGES)})")
    return found


def words(value: Any, name: str) -> tuple[str, ...]:
    """A list of short texts; a single text is a list of one. Those that cannot be labels are left out."""
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    found = [" ".join(text(entry, name).split()) for entry in values]
    return tuple(dict.fromkeys(entry for entry in found if 0 < len(entry) <= MAX_LABEL))


def product_code(value: str) -> str:
    """A product's code as this site spells codes: lower case, letters, digits, hyphens, at most 40."""
    code = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:40].strip("-")
    return code if code[:1].isalpha() else f"p-{code}"[:40]


def moment(value: Any, name: str) -> datetime | None:
    """ISO 8601, or month/day/year; a day is its start in UTC."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    written = text(value, name).strip()
    try:
        if found := _US_DATE.fullmatch(written):
            month, day, year = map(int, found.groups())
            return datetime(year, month, day, tzinfo=UTC)
        parsed = datetime.fromisoformat(written)
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {written!r} is not a date (use 2026-11-26)") from None


def kind(value: Any) -> Kind | None:
    """One of our kinds, or what MicrosoftDocs calls a topic; None for what says nothing."""
    return KINDS.get(text(value, "kind").strip().lower())


def kb_code(number: Any) -> tuple[str, ...]:
    """815174 is found as KB815174."""
    digits = re.sub(r"(?i)^kb\s*", "", text(number, "kb_number").strip())
    return (f"KB{digits}"[:MAX_LABEL],) if digits else ()


def kb_codes_in(body: str) -> tuple[str, ...]:
    """Numbers that a text itself declares ("Original KB number: 815174")."""
    return tuple(f"KB{number}" for number in dict.fromkeys(_KB_NUMBER.findall(body)))


def audience(value: Any) -> str | None:
    """The audience key that a file asks for, not yet checked; None where it names a readership instead."""
    found = text(value, "audience").strip()
    return None if found.lower().replace("_", "-") in READERSHIPS else found or None


def days(value: Any, name: str) -> float | None:
    """A number of days ago."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 100_000:
        raise ValueError(f"{name} must be a number of days")
    return float(value)


def confidence(value: Any) -> Confidence | None:
    """How far the article may be trusted."""
    name = text(value, "confidence").strip().lower().replace("_", "-").replace(" ", "-")
    if name and name not in set(Confidence):
        raise ValueError(f"confidence must be one of {', '.join(Confidence)}")
    return Confidence(name) if name else None


def interval(value: Any) -> int | None:
    """How long a verification lasts, in days."""
    if value is None or (type(value) is int and SHORTEST <= value <= LONGEST):
        return value
    raise ValueError(f"verify_days must be a number of days from {SHORTEST} to {LONGEST}")


def votes(value: Any) -> tuple[int, int] | None:
    """Yes and no."""
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(type(n) is int and 0 <= n < 2**31 for n in value):
        return value[0], value[1]
    raise ValueError("votes must be two numbers: yes and no")


def common(values: dict[str, Any]) -> dict[str, Any]:
    """The fields that both formats share, as arguments of a Record."""
    return {
        "audience": audience(values.get("audience")),
        "kind": kind(values.get("kind") or values.get("ms.topic")),
        "products": tuple(product_code(code) for code in words(values.get("product"), "product")),
        "versions": words(values.get("versions"), "versions"),
        "category": product_code(category) if (category := text(values.get("category"), "category").strip()) else None,
        "tags": words(values.get("tags"), "tags"),
        "codes": (*words(values.get("codes"), "codes"), *kb_code(values.get("kb_number"))),
        "critical": text(values.get("critical"), "critical").strip() or None,
        "confidence": confidence(values.get("confidence")),
        "verify_days": interval(values.get("verify_days")),
        "author": text(values.get("author"), "author").strip() or None,
        "updated_at": moment(values.get("updated"), "updated"),
        "verified_at": moment(values.get("verified"), "verified"),
        "updated_days_ago": days(values.get("updated_days_ago"), "updated_days_ago"),
        "verified_days_ago": days(values.get("verified_days_ago"), "verified_days_ago"),
        "votes": votes(values.get("votes")),
    }


COMMON = frozenset(
    {"audience", "kind", "ms.topic", "product", "versions", "category", "tags", "codes", "kb_number", "critical"}
    | {"author", "confidence", "verify_days", "updated", "verified", "updated_days_ago", "verified_days_ago", "votes"}
)
