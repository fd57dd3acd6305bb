"""What a mail is, and how it is written down for its journey.

A message that is sent again after a failure keeps its Message-ID, made from `Message.key`, so that a mailbox
or a relay can tell the copy from a second message.
"""

import hashlib
from dataclasses import dataclass, field
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from sportello.core import clock


class MailError(Exception):
    """The message was not accepted. `away`: the server could not be spoken with, so no other message would pass.

    `gone`: there is no such mailbox, and no other message to the address would be accepted. `answer`: what the server
    said when it refused this message to this address for good; empty while trying again may help.
    """

    def __init__(self, message: str, *, away: bool = False, gone: bool = False, answer: str = "") -> None:
        super().__init__(message)
        self.away, self.gone, self.answer = away, gone, answer


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


class _Addresses(UnstructuredHeader):
    """Web addresses in angle brackets, on one line: a long one would be folded by encoding it, which nobody reads."""

    name: str

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Addresses)  # type: ignore[arg-type]  # BaseHeader is mixed in by it
POLICY = policy.SMTP.clone(header_factory=_headers)


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


def compose(message: Message, sender: str, base_url: str) -> EmailMessage:
    """The mail as it is sent: plain text, and HTML beside it if given. Raises MailError for a bad address."""
    mail = EmailMessage(policy=POLICY)
    try:
        mail["From"] = parse_address(sender)
        mail["To"] = parse_address(message.to)
        mail["Subject"] = " ".join(message.subject.split())
    except (ValueError, HeaderParseError) as error:
        raise MailError(f"bad address or subject: {error}") from error
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id(message, base_url)
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        mail[name] = " ".join(value.split())
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def parse_address(text: str) -> Address:
    """Parse `a@b` or `Name <a@b>`. Raises ValueError."""
    if "@" not in text:
        raise ValueError(f"{text!r} is not an address")
    if "<" in text and text.endswith(">"):
        display, _, spec = text[:-1].partition("<")
        return Address(display.strip().strip('"'), addr_spec=spec.strip())
    return Address(addr_spec=text.strip())
