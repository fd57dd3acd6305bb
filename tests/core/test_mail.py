"""Mail as files, and what a message looks like."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from sportello.core.mail import FileMailer, MailError, Message, SmtpMailer, compose, message_id, stored_mails
from sportello.core.settings import SettingsError

BASE = "https://support.example/"


def read(message: Message, sender: str = "support@vendor.example") -> EmailMessage:
    """The message as a mailbox reads it; what travels must be lines of seven bits."""
    raw = compose(message, sender, BASE)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = message_from_bytes(raw, policy=policy.default)
    assert not any(part.defects for part in mail.walk())
    return mail


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def lines(text: str) -> list[str]:
    """Of a text as it arrives: each has its end."""
    return (text if not text or text.endswith("\n") else f"{text}\n").split("\n")


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
    mail = read(Message("anna@xtreme.example", "Hi\r\nBcc: eve@example.com", "Text"))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: eve@example.com"


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), include_characters="\n\t"), max_size=300)
LINES = st.lists(st.sampled_from([".", "..", "From here", "", "--", "=", " ", "x" * 90, "è" * 90, "a=b"])).map(
    "\n".join
)


@given(subject=WORDS, text=WORDS | LINES, html=WORDS | LINES)
def test_whatever_a_mail_says_arrives_as_it_was_written(subject: str, text: str, html: str) -> None:
    mail = read(Message("anna@xtreme.example", subject, text, html, key="one"))
    assert content(mail, "plain").split("\n") == lines(text)
    if html:
        assert content(mail, "html").split("\n") == lines(html)


@pytest.mark.parametrize("subject", ["Short", "Perché no", "Perché " * 30, "words " * 40, "città 🜚 " * 20, "x" * 2000])
def test_a_subject_of_any_length_and_letters_arrives(subject: str) -> None:
    assert str(read(Message("anna@xtreme.example", subject, "Text"))["Subject"]) == subject.strip()


def test_a_mail_that_is_written_again_is_the_same_to_the_letter() -> None:
    message = Message("anna@xtreme.example", "Perché", "Città", "<p>Città</p>", key="one")
    with time_machine.travel("2026-11-23T08:00:00Z", tick=False):
        assert compose(message, "s@v.example", BASE) == compose(message, "s@v.example", BASE)


def test_headers_arrive_as_they_are() -> None:
    link = "https://support.example/unsubscribe/" + "WyJhIiwiYiJd." * 12
    headers = {"List-Unsubscribe": f"<{link}>", "References": "<thread-1@s.example>", "X-Long": "some words " * 30}
    message = Message("anna@xtreme.example", "Hi", "Text", headers=headers)
    mail = read(message, "Città <s@v.example>")
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in compose(message, "s@v.example", BASE)
    assert [(one.display_name, one.addr_spec) for one in mail["From"].addresses] == [("Città", "s@v.example")]
    assert mail["References"] == "<thread-1@s.example>"
    assert str(mail["X-Long"]).split() == ["some", "words"] * 30
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail["Message-ID"] == message_id(message, BASE)


def test_what_looks_encoded_in_a_subject_adds_no_header() -> None:
    mail = read(Message("anna@xtreme.example", "=?utf-8?q?Hi=0D=0ABcc=3A_eve=40example.com?=", "Text"))
    assert mail["Bcc"] is None


@pytest.mark.parametrize("address", ["o'neil+kb@xtreme.example", "a.b@c", "Anna Rossi <anna@xtreme.example>"])
def test_an_address_is_written_as_it_is(address: str) -> None:
    assert str(read(Message(address, "Hi", "Text"))["To"]) == address


@pytest.mark.parametrize(
    "address", ["a..b@c.example", "a b@c.example", "anna@xtreme.example\nBcc: eve@example.com", "no address", ""]
)
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
