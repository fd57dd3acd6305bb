"""Names of files: as people gave them, for display; in addresses; and in the header that a download carries."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

from kb.files.kinds import PICTURE_SUFFIXES, FileKind
from sportello.core import keys

MAX_NAME = 150
# Controls, and the characters that turn the direction of text: they make "gpj.exe" of "exe.jpg".
_TRICKS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_ADDRESS = re.compile(r"/kb/files/([a-z0-9]{10})/")


def display_name(given: str | None, kind: FileKind) -> str:
    """The name as given, as far as a file can bear it, ending as its kind ends; at most 150 characters.

    It never names a place: what is stored has a key of its own.
    """
    name = _TRICKS.sub("", (given or "").encode("utf-8", "replace").decode())
    name = unicodedata.normalize("NFC", re.sub(r"[/\\]", "_", name)).strip().strip(".").strip()
    stem, suffix = name, kind.suffixes[0]
    lower = name.lower()
    if found := next((ending for ending in kind.suffixes if lower.endswith(ending)), None):
        stem, suffix = name[: -len(found)], name[-len(found) :]
    elif kind.is_picture and (other := PurePosixPath(lower).suffix) in PICTURE_SUFFIXES:
        stem = name[: -len(other)]
    return (stem[: MAX_NAME - len(suffix)].rstrip() or "file") + suffix


def address_name(name: str) -> str:
    """The name as its address has it: ASCII, without anything that Markdown or a browser could take for more."""
    path = PurePosixPath(name)
    return f"{keys.slug_stem(path.stem)}{path.suffix.lower()}"


def file_address(key: str, name: str) -> str:
    """The one address of a file."""
    return f"/kb/files/{key}/{address_name(name)}"


def file_keys(text: str) -> set[str]:
    """Keys of the files that a Markdown or HTML text names."""
    return set(_ADDRESS.findall(text)) if "/kb/files/" in text else set()


def file_markdown(key: str, name: str, *, alt: str, is_picture: bool) -> str:
    """What an author puts into the text to show the picture or to link the file."""
    words = re.sub(r"([\\`*_\[\]<>&!#|])", r"\\\1", alt if is_picture else name)
    return f"{'!' if is_picture else ''}[{words}]({file_address(key, name)})"


def disposition(name: str, *, inline: bool) -> str:
    """Content-Disposition (RFC 6266): a plain name for old programs, the whole one in UTF-8 for the others."""
    kind = "inline" if inline else "attachment"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'["\\%;]', "_", plain)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
