"""Mail as files, and what a message looks like."""

from pathlib import Path

import pytest

from sportello.core.mail import FileMailer, MailError, Message, SmtpMailer, compose, stored_mails
from sportello.core.settings import SettingsError

BASE = "https://support.example/"


def test_a_mail_is_written_to_a_file_and_read_back(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path / "mail", "Sportello <support@vendor.example>", BASE)
    mailer.send(Message("anna@xtreme.example", "Perché no", "Città", "<p>Città</p>", key="one"))
    (stored,) = stored_mails(tmp_path / "mail")
    assert stored.mail["Subject"] == "Perché no"
    assert stored.mail["To"] == "anna@xtreme.example"
    assert [part.get_content_type() for part in stored.mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_mail_sent_again_is_the_same_file(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path, "support@vendor.example", BASE)
    for key in ("one", "one", "two"):
        mailer.send(Message("anna@xtreme.example", "Hello", "Text", key=key))
    assert len(list(stored_mails(tmp_path))) == 2


def test_mails_are_listed_in_the_order_of_sending(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path, "support@vendor.example", BASE)
    for number in range(5):
        mailer.send(Message("anna@xtreme.example", f"Number {number}", "Text", key=str(number)))
    assert [stored.mail["Subject"] for stored in stored_mails(tmp_path)] == [f"Number {n}" for n in range(5)]


def test_a_subject_cannot_add_headers() -> None:
    mail = compose(Message("anna@xtreme.example", "Hi\r\nBcc: eve@example.com", "Text"), "s@v.example", BASE)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: eve@example.com"


@pytest.mark.parametrize("address", ["anna@xtreme.example\nBcc: eve@example.com", "no address", ""])
def test_a_bad_address_is_refused(address: str) -> None:
    with pytest.raises(MailError):
        compose(Message(address, "Hi", "Text"), "support@vendor.example", BASE)


@pytest.mark.parametrize(
    "url", ["localhost:25", "http://host", "smtp://", "smtp://host:port", "smtp://h?starttls=maybe"]
)
def test_a_bad_smtp_url_is_one_clear_line(url: str) -> None:
    with pytest.raises(SettingsError, match="SPORTELLO_SMTP_URL"):
        SmtpMailer(url, "support@vendor.example", BASE)


def test_a_folder_that_cannot_be_written_is_seen_by_the_doctor(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    mailer = FileMailer(tmp_path / "file" / "mail", "support@vendor.example", BASE)
    with pytest.raises(MailError) as caught:
        mailer.send(Message("anna@xtreme.example", "Hi", "Text"))
    assert caught.value.away
