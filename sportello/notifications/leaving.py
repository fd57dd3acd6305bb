"""The link by which a registered address leaves: signed, without an end, at the foot of every mail to it."""

from itsdangerous import BadData, URLSafeSerializer

from sportello.core.errors import NotFound
from sportello.core.keys import is_key
from sportello.core.settings import Settings

LONGEST = 200


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.signing_key, salt="sportello.notifications.leaving")


def token(settings: Settings, address_key: str) -> str:
    """The signed part of the link: letters, digits, `-`, `_` and `.`."""
    return str(_signer(settings).dumps(address_key))


def link(settings: Settings, address_key: str) -> str:
    """The whole address, for the mail's text and its List-Unsubscribe header."""
    return f"{settings.base_url.rstrip('/')}/registered/leave/{token(settings, address_key)}"


def read(settings: Settings, signed: str) -> str:
    """The key of the registered address. Raises NotFound for a link that this site did not make."""
    if len(signed) > LONGEST:
        raise NotFound
    try:
        key = _signer(settings).loads(signed)
    except (BadData, ValueError, TypeError) as error:
        raise NotFound from error
    if not isinstance(key, str) or not is_key(key):
        raise NotFound
    return key
