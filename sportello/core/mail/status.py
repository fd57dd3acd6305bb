"""What servers say when they do not take a mail: whether the mailbox is gone for good (RFC 3463, RFC 5321 4.2.3)."""

import re

GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, host or address; moved; null MX; switched off. Full, blocked and too big are not among them."""

_GONE_REPLIES = frozenset({550, 551, 553})
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def status_in(text: str) -> str:
    """The enhanced status code that an answer begins with, or "" ."""
    found = _STATUS.match(text.strip())
    return found.group(1) if found else ""


def is_gone(reply: int, text: str) -> bool:
    """Whether the answer to RCPT says that there is no such mailbox; without an enhanced code, the reply's own does."""
    if status := status_in(text):
        return status in GONE
    return reply in _GONE_REPLIES
