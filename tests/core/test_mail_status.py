"""What a server answers is believed of a mailbox only if it is about the mailbox."""

import pytest

from sportello.core.mail.status import is_gone


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (550, "<a@b> User unknown"),
        (550, "No such user here"),
        (551, "User not local; unknown recipient"),
        (553, "sorry, no mailbox here by that name (#5.1.1)"),
    ],
)
def test_in_so_many_words_a_mailbox_is_gone(reply: int, text: str) -> None:
    assert is_gone(reply, text)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (550, "relay not permitted"),
        (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
        (553, "sorry, that domain isn't in my list of allowed rcpthosts"),
        (550, "Access denied - unknown client"),
        (550, "mail from 192.0.2.7 is blocked, see our policy"),
        (550, "sender address does not exist"),
        (550, "Requested action not taken"),
    ],
)
def test_a_server_that_refuses_everybody_ends_nobodys_mail(reply: int, text: str) -> None:
    assert not is_gone(reply, text)
