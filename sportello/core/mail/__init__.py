"""Mail is a port: SMTP by URL, or files that `sportello mail list|show` reads. Only outbox handlers send."""

from typing import Protocol

from sportello.core.mail.files import FileMailer, StoredMail, stored_mails
from sportello.core.mail.message import MailError, Message, host_of, message_id, occasion_id
from sportello.core.mail.smtp import SmtpMailer
from sportello.core.mail.writing import compose
from sportello.core.settings import Settings

__all__ = [
    "FileMailer",
    "MailError",
    "Mailer",
    "Message",
    "SmtpMailer",
    "StoredMail",
    "compose",
    "host_of",
    "make_mailer",
    "message_id",
    "occasion_id",
    "stored_mails",
]


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
