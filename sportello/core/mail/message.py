"""What a mail is, and what it is known by.

A message that is sent again after a failure keeps its Message-ID, made from `Message.key`, so that a mailbox
or a relay can tell the copy from a second message.
"""

import hashlib
import re
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from functools import lru_cache
from urllib.parse import urlsplit


class MailError(Exception):
    """The message was not accepted. `away`: the server could not be spoken with, so no other message would pass.

    `gone`: there is no such mailbox, and no other message to the address would be accepted. `answer`: what the server
    said when it refused this message to this address for good; empty while trying again may help. `for_now`: it said
    so itself. `unanswered`: it got all of the message, and nobody knows whether it took it.
    """

    def __init__(
        self,
        message: str,
        *,
        away: bool = False,
        gone: bool = False,
        answer: str = "",
        for_now: bool = False,
        unanswered: bool = False,
    ) -> None:
        super().__init__(message)
        self.away, self.gone, self.answer = away, gone, answer
        self.for_now, self.unanswered = for_now, unanswered


@dataclass(frozen=True)
class Message:
    """One mail to one address. `key` names the occasion: the same for every attempt, unlike any other mail's.

    Left empty, the key is made from the address, subject and text. `headers` are added as they are. `envelope`: the
    address to which what cannot be delivered comes back; empty for the sender's.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    envelope: str = ""


_ATOMS = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_PLAIN = re.compile(rf"{_ATOMS}@[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.ASCII | re.IGNORECASE)  # nearly all; quick to check


def host_of(base_url: str) -> str:
    """The site's host, the right side of its Message-IDs."""
    return urlsplit(base_url).hostname or "localhost"


def message_id(message: Message, base_url: str) -> str:
    """The stable Message-ID of `message` at the site's host (RFC 5322, 3.6.4)."""
    return occasion_id(message.to, message.key or f"{message.subject}\n{message.text}", base_url)


def occasion_id(to: str, key: str, base_url: str) -> str:
    """The Message-ID of the mail to `to` on the occasion `key`."""
    digest = hashlib.sha256(f"{to}\n{key}".encode()).hexdigest()[:32]
    return f"<{digest}@{host_of(base_url)}>"


@lru_cache(maxsize=256)
def parse_address(text: str) -> Address:
    """Parse `a@b` or `Name <a@b>`. Raises ValueError."""
    if _PLAIN.fullmatch(text):
        local, _, host = text.partition("@")
        return Address(username=local, domain=host)
    if "@" not in text:
        raise ValueError(f"{text!r} is not an address")
    try:
        if "<" in text and text.endswith(">"):
            display, _, spec = text[:-1].partition("<")
            return Address(display.strip().strip('"'), addr_spec=spec.strip())
        return Address(addr_spec=text.strip())
    except HeaderParseError as error:
        raise ValueError(str(error)) from error
