"""How a mail is written down for its journey, all of it in seven bits.

Thousands of mails are about one thing. What the standard library would read, check and fold anew for each of them is
asked of it once: headers that need encoding or folding are kept as they were folded, the others are lines already.
"""

import binascii
import hashlib
import re
from email import policy
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache

from sportello.core import clock
from sportello.core.mail.message import MailError, Message, message_id, parse_address

LINE = 78  # letters; longer ones are folded (RFC 5322, 2.1.1)
EOL = b"\r\n"
LONGEST = 900
ADDRESSES = frozenset({"From", "To"})
ON_ONE_LINE = frozenset({"List-Unsubscribe"})  # folding its long address would encode it, which nobody reads
_AS_IT_IS = re.compile(r"(?!.*=\?)[ -~]*")  # printable, and nothing that looks like an encoded word


POLICY = policy.SMTP.clone(cte_type="7bit")


def compose(message: Message, sender: str, base_url: str) -> bytes:
    """The mail as it is sent: plain text, and HTML beside it if given. Raises MailError for a bad address."""
    try:
        head = {"From": str(parse_address(sender)), "To": str(parse_address(message.to))}
    except ValueError as error:
        raise MailError(f"bad address: {error}") from error
    head["Subject"] = message.subject
    head["Date"] = format_datetime(clock.now())
    head["Message-ID"] = message_id(message, base_url)
    head["Auto-Submitted"] = "auto-generated"
    head |= message.headers
    head["MIME-Version"] = "1.0"
    lines = b"".join(_header(name, " ".join(value.split())) for name, value in head.items())
    if not message.html:
        return lines + _part("plain", message.text)
    content = hashlib.sha256(f"{message.text}\0{message.html}".encode()).hexdigest()[:24]  # a copy has the same edge
    edge = f"=_{content}".encode()  # no encoded text has these two letters in this order
    parts = (b"--" + edge + EOL + _part(kind, text) for kind, text in (("plain", message.text), ("html", message.html)))
    kind = b'Content-Type: multipart/alternative; boundary="' + edge + b'"' + EOL + EOL
    return lines + kind + EOL.join(parts) + EOL + b"--" + edge + b"--" + EOL


def _header(name: str, value: str) -> bytes:
    if (name in ON_ONE_LINE or len(name) + len(value) + 2 <= LINE) and _AS_IT_IS.fullmatch(value):
        return f"{name}: {value}".encode() + EOL
    return _folded(name, value)


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    """Of a text by `Header`, for `policy` loses a space here and there between encoded words; it knows addresses."""
    if name in ADDRESSES:
        return bytes(POLICY.fold_binary(*POLICY.header_store_parse(name, value)))
    charset = "us-ascii" if _AS_IT_IS.fullmatch(value) and max(map(len, value.split())) < LONGEST else "utf-8"
    return f"{name}: {Header(value, charset, header_name=name).encode(linesep=EOL.decode())}".encode() + EOL


def _part(kind: str, text: str) -> bytes:
    """The text with the headers that say how it is encoded: not at all, quoted where needed, or all of it."""
    lines = text.encode().splitlines()
    body, encoding = EOL.join([*lines, b""]), "7bit"
    if not body.isascii() or max(map(len, lines), default=0) > LINE:
        quoted, packed = binascii.b2a_qp(body), b""
        if len(quoted) > len(body) * 4 / 3:
            packed = EOL.join(binascii.b2a_base64(body[at : at + 57], newline=False) for at in range(0, len(body), 57))
        body, encoding = (packed + EOL, "base64") if packed else (quoted, "quoted-printable")
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + body
