"""The mail around a letter: the headers by which programs know what it is, and where it comes back to.

Message-ID: stable for its delivery. References: a mail of a thread belongs to a root that never was a mail itself, so
that it stands with the others whichever of them came first (RFC 5322, 3.6.4). List-Unsubscribe with One-Click:
RFC 8058. List-Id: RFC 2919. The envelope's sender names the delivery, so that a bounce does too.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace

from sportello.core.keys import is_key
from sportello.core.letters import Letter, write
from sportello.core.mail import Message, host_of, occasion_id
from sportello.core.settings import Settings

LIST = "notifications"


def occasion(delivery_key: str) -> str:
    """The `Message.key` of a delivery."""
    return f"delivery:{delivery_key}"


def sent_id(settings: Settings, to: str, delivery_key: str) -> str:
    """The Message-ID under which a delivery travels."""
    return occasion_id(to, occasion(delivery_key), settings.base_url)


def thread_id(settings: Settings, thread: str) -> str:
    """The root that all mails of a thread refer to."""
    return f"<thread-{hashlib.sha256(thread.encode()).hexdigest()[:24]}@{host_of(settings.base_url)}>"


def return_path(settings: Settings, delivery_key: str) -> str:
    """Where a bounce of this delivery goes: `bounces+KEY@host`, or "" for the sender's own address."""
    if not settings.bounce_address:
        return ""
    local, _, host = settings.bounce_address.rpartition("@")
    return f"{local}+{delivery_key}@{host}"


def returned_to(settings: Settings, addresses: Collection[str]) -> str:
    """The key of the delivery whose return path is among `addresses`; "" when there is none."""
    local, _, host = settings.bounce_address.lower().rpartition("@")
    for text in addresses:
        name, _, place = text.strip().strip("<>").lower().rpartition("@")
        key = name.removeprefix(f"{local}+")
        if local and place == host and name != key and is_key(key):
            return key
    return ""


def put_in(
    settings: Settings,
    to: str,
    language: str,
    letter: Letter,
    delivery_key: str,
    *,
    thread: str = "",
    leave: str = "",
    urgent: bool = False,
) -> Message:
    """The mail of a letter. `leave`: the address that ends such mails with one click; empty: they cannot be ended."""
    headers = {
        "List-Id": f"<{LIST}.{host_of(settings.base_url)}>",
        "X-Auto-Response-Suppress": "All",
    }
    if leave:
        headers["List-Unsubscribe"] = f"<{leave}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if thread:
        headers["References"] = headers["In-Reply-To"] = thread_id(settings, thread)
    if urgent:
        headers["Importance"] = "high"
    else:
        headers["Precedence"] = "list"
    message = write(settings, to, language, letter, occasion(delivery_key))
    return replace(message, headers=headers, envelope=return_path(settings, delivery_key))
