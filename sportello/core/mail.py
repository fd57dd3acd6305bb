"""Mail is a port: SMTP by URL, or files that `sportello mail list|show` reads. Only outbox handlers send.

A message that is sent again after a failure keeps its Message-ID, made from `Message.key`, so that a mailbox
or a relay can tell the copy from a second message.
"""

import hashlib
import os
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from sportello.core import clock
from sportello.core.settings import Settings, SettingsError

TIMEOUT_SECONDS = 10.0
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
STARTTLS_CHOICES = ("required", "offered", "never")


class MailError(Exception):
    """The message was not accepted. `away`: the server could not be spoken with, so no other message would pass."""

    def __init__(self, message: str, *, away: bool = False) -> None:
        super().__init__(message)
        self.away = away


@dataclass(frozen=True)
class Message:
    """One mail to one address. `key` names the occasion: the same for every attempt, unlike any other mail's.

    Left empty, the key is made from the address, subject and text. `headers` are added as they are.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Sends mail now, or raises."""

    def send(self, message: Message) -> None:
        """Hand over one message. Raises MailError."""
        ...

    def check(self) -> str:
        """One line about how mail is sent. Raises MailError when it cannot be sent now."""
        ...


def make_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings name. Raises SettingsError for a bad SMTP URL."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url, settings.sender, settings.base_url)
    return FileMailer(settings.mail_dir, settings.sender, settings.base_url)


def message_id(message: Message, base_url: str) -> str:
    """The stable Message-ID of `message` at the site's host (RFC 5322, 3.6.4)."""
    occasion = message.key or f"{message.subject}\n{message.text}"
    digest = hashlib.sha256(f"{message.to}\n{occasion}".encode()).hexdigest()[:32]
    return f"<{digest}@{urlsplit(base_url).hostname or 'localhost'}>"


def compose(message: Message, sender: str, base_url: str) -> EmailMessage:
    """The mail as it is sent: plain text, and HTML beside it if given. Raises MailError for a bad address."""
    mail = EmailMessage(policy=policy.SMTP)
    try:
        mail["From"] = _address(sender)
        mail["To"] = _address(message.to)
        mail["Subject"] = " ".join(message.subject.split())
    except (ValueError, HeaderParseError) as error:
        raise MailError(f"bad address or subject: {error}") from error
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id(message, base_url)
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _address(text: str) -> Address:
    """Parse `a@b` or `Name <a@b>`. Raises ValueError."""
    if "@" not in text:
        raise ValueError(f"{text!r} is not an address")
    if "<" in text and text.endswith(">"):
        display, _, spec = text[:-1].partition("<")
        return Address(display.strip().strip('"'), addr_spec=spec.strip())
    return Address(addr_spec=text.strip())


class SmtpMailer:
    """A connection per message to `smtp://user:password@host:587` or `smtps://...:465`.

    `?starttls=required|offered|never`: the default is `required` when the URL has a user, else `offered`.
    """

    def __init__(self, url: str, sender: str, base_url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == -1:
            raise SettingsError("SPORTELLO_SMTP_URL must look like smtp://user:password@host:587 or smtps://host")
        self._implicit_tls = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, port or DEFAULT_PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        default = "required" if self._user else "offered"
        self._starttls = parse_qs(parts.query).get("starttls", [default])[0]
        if self._starttls not in STARTTLS_CHOICES:
            raise SettingsError(f"SPORTELLO_SMTP_URL: starttls must be one of {', '.join(STARTTLS_CHOICES)}")
        self._sender, self._base_url, self._timeout = sender, base_url, timeout

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._implicit_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
            connection.ehlo()
            offered = connection.has_extn("starttls")
            if self._starttls == "required" or (self._starttls == "offered" and offered):
                connection.starttls(context=context)
        if self._user:
            connection.login(self._user, self._password)
        return connection

    def send(self, message: Message) -> None:
        mail = compose(message, self._sender, self._base_url)
        try:
            with self._connect() as connection:
                connection.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> MailError:
        about_this_message = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
        reason = str(error) or type(error).__name__
        return MailError(f"{self._host}:{self._port}: {reason}", away=not isinstance(error, about_this_message))

    def check(self) -> str:
        try:
            with self._connect() as connection:
                connection.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise self._failure(error) from error
        return f"by SMTP through {self._host}:{self._port}"


class FileMailer:
    """Writes each message as an .eml file; a message sent again replaces itself."""

    def __init__(self, folder: Path, sender: str, base_url: str) -> None:
        self._folder, self._sender, self._base_url = folder, sender, base_url

    def send(self, message: Message) -> None:
        mail = compose(message, self._sender, self._base_url)
        digest = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            written = next(self._folder.glob(f"*-{digest[:12]}.eml"), None)
            target = written or self._folder / f"{clock.now():%Y%m%dT%H%M%S%f}-{digest[:12]}.eml"
            partial = target.with_suffix(".partial")
            partial.write_bytes(mail.as_bytes())
            os.replace(partial, target)
        except OSError as error:
            raise MailError(f"{self._folder}: {error.strerror}", away=True) from error

    def check(self) -> str:
        nearest = next(path for path in (self._folder, *self._folder.absolute().parents) if path.exists())
        if not os.access(nearest, os.W_OK):
            raise MailError(f"{self._folder} is not writable")
        return f"as files under {self._folder}"


@dataclass(frozen=True)
class StoredMail:
    """A mail that FileMailer wrote: its file's stem and the parsed message."""

    name: str
    mail: EmailMessage


def stored_mails(folder: Path) -> Iterator[StoredMail]:
    """What FileMailer wrote, oldest first."""
    for path in sorted(folder.glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        yield StoredMail(path.stem, mail)
