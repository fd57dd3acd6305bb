"""One connection carries several mails; a lost one costs no mail and gives no copy of its own making."""

import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest

from sportello.core.mail import MailError, Message, SmtpMailer, smtp
from sportello.core.mail.status import is_gone
from tests.mailboxes import Mailbox, free_port, serving

BASE = "https://support.example"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def relay(port: int) -> Iterator[Mailbox]:
    made = Mailbox()
    with serving(made, port):
        yield made


def mailer(port: int, idle: float = 5.0) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{port}", "Support <support@vendor.example>", BASE, timeout=2, idle=idle)


def message(number: int, to: str = "anna@xtreme.example", text: str = "Text") -> Message:
    return Message(to, f"Number {number}", text, key=str(number))


def test_mails_in_a_row_share_a_connection(relay: Mailbox, port: int) -> None:
    sender = mailer(port)
    for number in range(10):
        sender.send(message(number))
    assert (relay.connections, len(relay.taken)) == (1, 10)


def test_a_connection_that_nobody_uses_is_closed(relay: Mailbox, port: int) -> None:
    sender = mailer(port, idle=0.2)
    sender.send(message(1))
    line = relay.last
    assert line is not None
    until = time.monotonic() + 5
    while line.transport is not None and time.monotonic() < until:
        time.sleep(0.02)
    assert line.transport is None
    sender.send(message(2))
    assert relay.connections == 2


def test_a_connection_is_changed_before_the_server_tires_of_it(
    relay: Mailbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MESSAGES", 3)
    sender = mailer(port)
    for number in range(7):
        sender.send(message(number))
    assert relay.connections == 3


def test_a_server_that_hung_up_meanwhile_is_called_again(relay: Mailbox, port: int) -> None:
    relay.hang_up_after_each = True
    sender = mailer(port)
    for number in range(3):
        sender.send(message(number))
        time.sleep(0.2)
    assert (relay.connections, len(relay.taken)) == (3, 3)


def test_a_server_that_was_started_again_is_called_again(port: int) -> None:
    first, second, sender = Mailbox(), Mailbox(), mailer(port)
    with serving(first, port):
        sender.send(message(1))
    with serving(second, port):
        sender.send(message(2))
    assert (len(first.taken), len(second.taken)) == (1, 1)


def test_once_the_content_was_on_its_way_the_mailer_sends_no_copy(relay: Mailbox, port: int) -> None:
    sender = mailer(port)
    sender.send(message(1))  # the next one goes over a kept connection
    relay.drop_after_data = 1
    with pytest.raises(MailError) as caught:
        sender.send(message(2))
    assert caught.value.away
    assert len(relay.taken) == 2
    sender.send(message(3))
    assert len(relay.taken) == 3


def test_a_refused_recipient_does_not_cost_the_connection(relay: Mailbox, port: int) -> None:
    relay.answers = {"gone@xtreme.example": "550 5.1.1 no such mailbox", "full@xtreme.example": "452 4.2.2 full"}
    sender = mailer(port)
    with pytest.raises(MailError) as gone:
        sender.send(message(1, "gone@xtreme.example"))
    with pytest.raises(MailError) as full:
        sender.send(message(2, "full@xtreme.example"))
    sender.send(message(3))
    assert (gone.value.gone, gone.value.away) == (True, False)
    assert (full.value.gone, full.value.away) == (False, False)
    assert "550 5.1.1 no such mailbox" in str(gone.value)
    assert (relay.connections, len(relay.taken)) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "for_good"),
    [("550 5.1.1 no such mailbox", True), ("554 5.7.1 not from you", True), ("452 4.2.2 full", False)],
)
def test_an_answer_for_good_is_kept_and_one_for_now_is_not(
    relay: Mailbox, port: int, answer: str, for_good: bool
) -> None:
    relay.answers = {"desk@xtreme.example": answer}
    with pytest.raises(MailError) as to_address:
        mailer(port).send(message(1, "desk@xtreme.example"))
    relay.verdict = answer
    with pytest.raises(MailError) as to_content:
        mailer(port).send(message(2))
    assert [caught.value.answer for caught in (to_address, to_content)] == [answer if for_good else ""] * 2


def test_a_sender_that_the_server_refuses_is_no_fault_of_the_address(relay: Mailbox, port: int) -> None:
    relay.refuse_sender = "550 5.7.1 who are you"
    with pytest.raises(MailError) as caught:
        mailer(port).send(message(1))
    assert (caught.value.answer, caught.value.gone) == ("", False)


def test_a_server_that_closes_for_now_is_away(relay: Mailbox, port: int) -> None:
    relay.answers = {"anna@xtreme.example": "421 4.7.0 too many mails, come back later"}
    with pytest.raises(MailError) as caught:
        mailer(port).send(message(1))
    assert caught.value.away


@pytest.mark.parametrize(
    ("reply", "text", "gone"),
    [
        (550, "5.1.1 <a@b>: user unknown", True),
        (550, "No such user here", True),
        (553, "sorry, that domain is not here", True),
        (550, "5.2.1 mailbox disabled", True),
        (550, "5.7.1 relaying denied", False),
        (550, "5.7.26 unauthenticated mail", False),
        (552, "5.2.2 over quota", False),
        (554, "rejected as spam", False),
        (450, "4.2.0 greylisted", False),
        (450, "greylisted", False),
    ],
)
def test_only_a_mailbox_that_is_gone_is_gone(reply: int, text: str, gone: bool) -> None:
    assert is_gone(reply, text) is gone


def test_lines_with_dots_and_letters_of_any_language_arrive_as_they_are(relay: Mailbox, port: int) -> None:
    text = "Città\n.\n..two\n.\n" + "è" * 2000 + "\nend\n"
    mailer(port).send(message(1, text=text))
    (raw,) = relay.taken
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text


def test_what_cannot_be_delivered_comes_back_where_the_message_says(relay: Mailbox, port: int) -> None:
    sender = mailer(port)
    sender.send(message(1))
    sender.send(Message("anna@xtreme.example", "S", "T", envelope="bounces+abc@vendor.example"))
    assert relay.senders == ["support@vendor.example", "bounces+abc@vendor.example"]


def test_an_address_that_the_server_cannot_write_is_refused_not_mangled(relay: Mailbox, port: int) -> None:
    with pytest.raises(MailError) as caught:
        mailer(port).send(message(1, "città@xtreme.example"))
    assert not caught.value.away
    assert relay.taken == []


def test_threads_do_not_share_a_connection_at_a_time(relay: Mailbox, port: int) -> None:
    sender = mailer(port)

    def send(start: int) -> None:
        for number in range(start, start + 10):
            sender.send(message(number))

    threads = [threading.Thread(target=send, args=(100 * one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(relay.taken) == 40
    assert relay.connections <= 4
