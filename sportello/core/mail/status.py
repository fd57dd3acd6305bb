"""What servers say when they do not take a mail: whether the mailbox is gone for good (RFC 3463, RFC 5321 4.2.3).

In doubt it is not. A server that is set up wrongly, or takes us for a sender of spam, refuses every address with the
same 550: to believe that of the mailboxes would end all mail to all of them.
"""

import re

GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, host or address; moved; null MX; switched off. Full, blocked and too big are not among them."""

_GONE_REPLIES = frozenset({550, 551, 553})
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_IN_BRACKETS = re.compile(r"\(#?([245]\.\d{1,3}\.\d{1,3})\)")  # qmail's place for it
_NOBODY = re.compile(
    r"no such|unknown|not known|not found|n['o]t exist|n['o]t have|no mailbox|not here|unroute?able"
    r"|(user|mailbox|recipient|account|address) (is )?(disabled|inactive|invalid)|invalid (user|mailbox|recipient)",
    re.IGNORECASE,
)
_NOT_ABOUT_THEM = re.compile(
    r"relay|rcpthosts|block|black ?list|listed|spam|polic|denied|allowed|authenti|reputation|sender|client|dns|spf",
    re.IGNORECASE,
)


def status_in(text: str) -> str:
    """The enhanced status code that an answer begins with, or "" ."""
    found = _STATUS.match(text.strip())
    return found.group(1) if found else ""


def is_gone(reply: int, text: str) -> bool:
    """Whether the answer to RCPT says that there is no such mailbox: by its enhanced code, without one in so many
    words."""
    bracketed = _IN_BRACKETS.search(text)
    if status := status_in(text) or (bracketed.group(1) if bracketed else ""):
        return status in GONE
    return reply in _GONE_REPLIES and bool(_NOBODY.search(text)) and not _NOT_ABOUT_THEM.search(text)
