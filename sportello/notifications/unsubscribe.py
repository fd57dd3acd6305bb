"""The links at the foot of mails: signed, without an end, good for switching off exactly one thing of one person.

`what`: "event:CODE" (mails of this kind), "digest", or "topic:KIND:KEY" (mails about this).
"""

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from sportello.core.errors import NotFound
from sportello.core.settings import Settings
from sportello.core.types import Ref

DIGEST = "digest"
LONGEST = 1000


def event(code: str) -> str:
    """`what` of all mails of a kind of event."""
    return f"event:{code}"


def topic(ref: Ref) -> str:
    """`what` of mails about something that is followed."""
    return f"topic:{ref}"


@dataclass(frozen=True)
class Unsubscription:
    """What a link says: whose it is, and one of `event` (a code), `topic`, or neither for the digest."""

    person_key: str
    event: str = ""
    topic: Ref | None = None


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.signing_key, salt="sportello.notifications.unsubscribe")


def token(settings: Settings, person_key: str, what: str) -> str:
    """The signed part of a link: letters, digits, `-`, `_` and `.`."""
    return str(_signer(settings).dumps([person_key, what]))


def link(settings: Settings, person_key: str, what: str) -> str:
    """The whole address, for the mail's text and its List-Unsubscribe header."""
    return f"{settings.base_url.rstrip('/')}/unsubscribe/{token(settings, person_key, what)}"


def read(settings: Settings, signed: str) -> Unsubscription:
    """What a token says. Raises NotFound for one that this site did not make."""
    if len(signed) > LONGEST:
        raise NotFound
    try:
        person_key, what = _signer(settings).loads(signed)
    except (BadData, ValueError, TypeError) as error:
        raise NotFound from error
    kind, _, rest = str(what).partition(":")
    if kind == "event" and rest:
        return Unsubscription(str(person_key), event=rest)
    if kind == "topic" and ":" in rest:
        return Unsubscription(str(person_key), topic=Ref.parse(rest))
    if what == DIGEST:
        return Unsubscription(str(person_key))
    raise NotFound
