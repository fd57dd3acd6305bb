"""Who called, proved by a signature after Standard Webhooks 1.0 (https://www.standardwebhooks.com).

HMAC-SHA256 over "ID.TIMESTAMP.BODY" with the secret's bytes; the identifier stays the same for every attempt, so that
the receiver can tell a repetition, and the timestamp keeps a recorded call from being replayed later. While a secret
is being changed there is a signature by each, with a space between them: any one that is right will do.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh secret as it is shown: once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature as it stands in `webhook-signature`; `timestamp` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(used: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of the standard, signed with each secret that is used."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in used),
    }
