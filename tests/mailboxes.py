"""A real mail server on loopback that keeps what it takes, and can be as unpleasant as servers are."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What arrived. `verdict`: the answer to the next messages; `answers`: to recipients, by address.

    `refuse_sender`: the answer to senders, unless they are fine. `drop_after_data`: so many times the line is cut
    after the message was taken, before the answer. `hang`: seconds before every answer to a recipient; `ponder`: before
    the answer to what was taken.
    `hang_up_after_each`: it closes the connection a moment after each message.
    """

    verdict: str = "250 taken"
    refuse_sender: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    drop_after_data: int = 0
    hang: float = 0
    ponder: float = 0
    hang_up_after_each: bool = False
    connections: int = 0
    taken: list[bytes] = field(default_factory=list)
    senders: list[str | None] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    last: SMTP | None = None

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.taken]

    @property
    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        self.last = server
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.refuse_sender or "250 fine"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.hang:
            await asyncio.sleep(self.hang)
        answer = self.answers.get(address, "250 fine")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.verdict.startswith("250"):
            return self.verdict
        self.taken.append(bytes(envelope.content or b""))
        self.senders.append(envelope.mail_from)
        self.recipients += envelope.rcpt_tos
        if self.ponder:
            await asyncio.sleep(self.ponder)
        if self.drop_after_data:
            self.drop_after_data -= 1
            server.transport.abort()
        elif self.hang_up_after_each:
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return self.verdict


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(mailbox: Mailbox, port: int) -> Iterator[None]:
    """The server is there."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
