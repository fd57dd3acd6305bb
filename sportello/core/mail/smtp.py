"""Mail by SMTP. A connection is kept for the messages that follow soon; each message is handed over at most once.

A kept connection may have been closed by the server meanwhile. That shows before any content is sent, so a fresh one
takes its place, once. From the moment the content is on its way a lost line is an error: nobody knows whether the
server took the message, and only the outbox sends it again, later, under the same Message-ID.
"""

import re
import smtplib
import ssl
import threading
import time
from functools import cached_property
from urllib.parse import parse_qs, unquote, urlsplit

from sportello.core.mail.message import MailError, Message, parse_address
from sportello.core.mail.status import is_gone
from sportello.core.mail.writing import compose
from sportello.core.settings import SettingsError

TIMEOUT_SECONDS = 10.0
ANSWER_SECONDS = 60.0  # to the content, which is looked through for viruses first: who leaves too soon makes copies
IDLE_SECONDS = 15.0
MESSAGES = 100  # through one connection; many servers close it then
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
STARTTLS_CHOICES = ("required", "offered", "never")
CLOSING = 421
PERMANENT = 500  # from this reply on, trying again is of no use (RFC 5321, 4.2.1)
_NOT_TAKEN = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
_REFUSALS = (*_NOT_TAKEN, smtplib.SMTPSenderRefused)  # the last is this site's own fault, and can be put right


class Line:
    """A connection to the server, and how many messages went through it."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self.connection, self.messages, self.since = connection, 0, time.monotonic()

    def begin(self, sender: str, recipient: str) -> None:
        """Everything before the content. Raises SMTPException; nothing was handed over then."""
        options = [] if recipient.isascii() and sender.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        if options and not self.connection.has_extn("smtputf8"):
            refusal = {recipient: (553, b"the server takes no address with such letters")}
            raise smtplib.SMTPRecipientsRefused(refusal)
        code, answer = self._open(self.connection.mail(sender, options))
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, sender)
        code, answer = self._open(self.connection.rcpt(recipient))
        if code not in (250, 251):
            raise smtplib.SMTPRecipientsRefused({recipient: (code, answer)})
        code, answer = self._open(self.connection.docmd("DATA"))
        if code != 354:
            raise smtplib.SMTPDataError(code, answer)

    def finish(self, content: bytes, patience: float) -> None:
        """Hand the content over. Raises SMTPException; OSError when the line broke, and nobody knows."""
        content = re.sub(rb"(?m)^\.", b"..", content)
        self.connection.send(content.rstrip(b"\r\n") + b"\r\n.\r\n")
        if (line := self.connection.sock) is not None:
            line.settimeout(patience)
        code, answer = self.connection.getreply()
        if line is not None:
            line.settimeout(self.connection.timeout)
        if code != 250:
            raise smtplib.SMTPDataError(code, answer)
        self.messages += 1

    def _open(self, reply: tuple[int, bytes]) -> tuple[int, bytes]:
        if reply[0] == CLOSING:
            raise smtplib.SMTPServerDisconnected(f"{CLOSING} {reply[1].decode('utf-8', 'replace')}")
        return reply

    def reset(self) -> bool:
        """Forget a refused message; False if the line is no longer any good."""
        try:
            return self.connection.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def leave(self) -> None:
        try:
            self.connection.quit()
        except (OSError, smtplib.SMTPException):
            self.connection.close()


class Kept:
    """Connections that wait for the next message, and are closed when none comes."""

    def __init__(self, idle: float) -> None:
        self._idle, self._lines, self._lock = idle, list[Line](), threading.Lock()
        self._sweeper: threading.Timer | None = None

    def take(self) -> Line | None:
        with self._lock:
            return self._lines.pop() if self._lines else None

    def keep(self, line: Line) -> None:
        if line.messages >= MESSAGES or self._idle <= 0:
            line.leave()
            return
        line.since = time.monotonic()
        with self._lock:
            self._lines.append(line)
            self._look_again(self._idle)

    def _look_again(self, seconds: float) -> None:
        if self._sweeper is None:
            self._sweeper = threading.Timer(seconds, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        until = time.monotonic() - self._idle
        with self._lock:
            self._sweeper = None
            old = [line for line in self._lines if line.since <= until]
            self._lines = [line for line in self._lines if line.since > until]
            if self._lines:
                self._look_again(self._lines[0].since - until)
        for line in old:
            line.leave()


class SmtpMailer:
    """To `smtp://user:password@host:587` or `smtps://...:465`, by as many connections as threads send at once.

    `?starttls=required|offered|never`: the default is `required` when the URL has a user, else `offered`.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        base_url: str,
        timeout: float = TIMEOUT_SECONDS,
        idle: float = IDLE_SECONDS,
        patience: float = ANSWER_SECONDS,
    ) -> None:
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
        self._kept, self._patience = Kept(idle), patience

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # it reads all certificates of the system: once is enough

    def _connect(self) -> smtplib.SMTP:
        if self._implicit_tls:
            tls, timeout = self._tls, self._timeout
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=timeout, context=tls)
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            offered = connection.has_extn("starttls")
            if not self._implicit_tls and (self._starttls == "required" or (self._starttls == "offered" and offered)):
                connection.starttls(context=self._tls)
                connection.ehlo_or_helo_if_needed()
            if self._user:
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection

    def send(self, message: Message) -> None:
        content = compose(message, self._sender, self._base_url)
        sender = message.envelope or parse_address(self._sender).addr_spec
        try:
            line = self._begin(sender, parse_address(message.to).addr_spec)
            try:
                line.finish(content, self._patience)
            except (OSError, smtplib.SMTPException) as error:
                self._clear(line, error)
                raise self._failure(error, handed_over=True) from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._failure(error) from error
        self._kept.keep(line)

    def _begin(self, sender: str, recipient: str) -> Line:
        """A connection on which the content may follow: a kept one, or a fresh one if that is dead."""
        line, kept = self._kept.take(), True
        while True:
            if line is None:
                line, kept = Line(self._connect()), False
            try:
                line.begin(sender, recipient)
                return line
            except (OSError, smtplib.SMTPException) as error:
                self._clear(line, error)
                if isinstance(error, _REFUSALS) or not kept:
                    raise
                line = None

    def _clear(self, line: Line, error: Exception) -> None:
        """After a message that was not taken: the line is good for the next one if the server still speaks."""
        if isinstance(error, _REFUSALS) and line.reset():
            self._kept.keep(line)
        else:
            line.connection.close()

    def _failure(self, error: Exception, *, handed_over: bool = False) -> MailError:
        reason, code, gone = str(error) or type(error).__name__, 0, False
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, answer = next(iter(error.recipients.values()))
            text = answer.decode("utf-8", "replace")
            reason, gone = f"{code} {text}", is_gone(code, text)
        elif isinstance(error, smtplib.SMTPResponseException):
            code = error.smtp_code
            text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else reason
            reason = f"{code} {text}"
        reason = "".join(letter for letter in reason if letter.isprintable() or letter == "\n")  # no database keeps NUL
        refused = isinstance(error, _REFUSALS)
        for_good = code >= PERMANENT and isinstance(error, _NOT_TAKEN)
        return MailError(
            f"{self._host}:{self._port}: {reason}",
            away=not refused,
            gone=gone,
            answer=reason if for_good else "",
            for_now=refused and code < PERMANENT,
            unanswered=handed_over and not refused,
        )

    def check(self) -> str:
        try:
            with self._connect() as connection:
                connection.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise self._failure(error) from error
        return f"by SMTP through {self._host}:{self._port}"
