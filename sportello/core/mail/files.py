"""Mail as files, for a site without a mail server: `sportello mail list|show` reads them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sportello.core import clock
from sportello.core.mail.message import MailError, Message, message_id
from sportello.core.mail.writing import compose


class FileMailer:
    """Writes each message as an .eml file; a message sent again replaces itself."""

    def __init__(self, folder: Path, sender: str, base_url: str) -> None:
        self._folder, self._sender, self._base_url = folder, sender, base_url

    def send(self, message: Message) -> None:
        mail = compose(message, self._sender, self._base_url)
        digest = message_id(message, self._base_url).strip("<>").partition("@")[0]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            written = next(self._folder.glob(f"*-{digest[:12]}.eml"), None)
            target = written or self._folder / f"{clock.now():%Y%m%dT%H%M%S%f}-{digest[:12]}.eml"
            partial = target.with_suffix(".partial")
            partial.write_bytes(mail)
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
