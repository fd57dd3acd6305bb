"""What a file is, its bytes say; what is hostile is refused with a reason; names survive and do no harm."""

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from kb.files import kinds
from kb.files.kinds import DOCX, GIF, JPEG, PDF, PNG, TEXT, WEBP, ZIP, FileKind, Refused
from kb.files.names import address_name, display_name, disposition, file_keys, file_markdown
from kb.files.sniff import sniff
from kb.queries import pictures_without_alt
from tests.kb import pictures

SVG = b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
ACCEPTED: dict[str, tuple[bytes, FileKind]] = {
    "png": (pictures.picture().getvalue(), PNG),
    "jpeg": (pictures.picture("JPEG").getvalue(), JPEG),
    "gif": (pictures.picture("GIF", mode="P").getvalue(), GIF),
    "webp": (pictures.picture("WEBP").getvalue(), WEBP),
    "pdf": (pictures.pdf("Hello").getvalue(), PDF),
    "docx": (pictures.docx("Hello").getvalue(), DOCX),
    "zip": (pictures.archive(readme_dot_txt=b"hello").getvalue(), ZIP),
    "text": (b"A line\r\nand another\tone\n", TEXT),
    "log with colours": (b"\x1b[31mERROR\x1b[0m LDG-4102\n", TEXT),
    "windows letters": ("Perché no".encode("cp1252"), TEXT),
    "utf-16": ("Perché no".encode("utf-16"), TEXT),
    "json": (b'{"a": 1}', TEXT),
    "xml": (b'<?xml version="1.0"?><settings><a/></settings>', TEXT),
    "csv": (b"a;b\n1;2\n", TEXT),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", kinds.EMPTY),
    "svg": (SVG, kinds.ACTIVE),
    "svg with a mark": (b"\xef\xbb\xbf \n" + SVG, kinds.ACTIVE),
    "svg in utf-16": (SVG.decode().encode("utf-16"), kinds.ACTIVE),
    "svg by namespace": (b'<x:a xmlns:x="http://www.w3.org/2000/svg"/>', kinds.ACTIVE),
    "html": (b"<!-- hi --><!DOCTYPE html><title>x</title>", kinds.ACTIVE),
    "a script": (b"  <script>alert(1)</script>", kinds.ACTIVE),
    "a program": (b"MZ\x90\x00\x03\x00", kinds.UNKNOWN),
    "an ELF program": (b"\x7fELF\x02\x01\x01\x00", kinds.UNKNOWN),
    "a TIFF picture": (b"II*\x00\x08\x00\x00\x00", kinds.UNKNOWN),
    "an old Word document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, kinds.UNKNOWN),
    "text with NUL": (b"hello\0world", kinds.UNKNOWN),
    "NUL after 4 KiB": (b"a" * 5000 + b"\0", kinds.UNKNOWN),
    "a PDF that starts later": (b"\x00\x01%PDF-1.4", kinds.UNKNOWN),
    "a cut archive": (pictures.archive(a_dot_txt=b"hello" * 100).getvalue()[:60], kinds.DAMAGED),
    "an empty archive": (pictures.archive().getvalue(), kinds.EMPTY),
    "macros": (
        pictures.archive(word__document_dot_xml=b"<a/>", word__vbaProject_dot_bin=b"x").getvalue(), kinds.MACROS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ACCEPTED)
def test_a_file_is_what_its_bytes_say(what: str) -> None:
    data, kind = ACCEPTED[what]
    stream = io.BytesIO(data)
    assert sniff(stream) is kind
    assert stream.tell() == 0


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_accepted_is_refused_with_the_reason(what: str) -> None:
    data, message = REFUSED[what]
    with pytest.raises(Refused) as refusal:
        sniff(io.BytesIO(data))
    assert refusal.value.message == message


def test_an_archive_that_would_unpack_to_far_more_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        sniff(pictures.bomb(200))
    assert refusal.value.message == kinds.BOMB


def test_an_archive_with_more_entries_than_anybody_sends_is_refused_before_they_are_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(12_000):
            made.writestr(str(number), b"")
    with pytest.raises(Refused) as refusal:
        sniff(out)
    assert refusal.value.message == kinds.BOMB


def test_files_that_overlap_inside_an_archive_are_refused() -> None:
    """The bomb that stays small: a hundred entries that all mean the same bytes."""
    data = bytearray(pictures.archive(**{f"a{n}": bytes(500_000) for n in range(3)}).getvalue())
    first = data.index(b"PK\x01\x02")
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        packed = made.infolist()[0].compress_size
    for _ in range(3):  # every entry now claims far more packed bytes than the file has
        at = data.index(b"PK\x01\x02", first)
        data[at + 20 : at + 24] = (packed * 1000).to_bytes(4, "little")
        first = at + 4
    with pytest.raises(Refused):
        sniff(io.BytesIO(data))


NAMES = {
    "manual.pdf": "manual.pdf",
    "MANUAL.PDF": "MANUAL.PDF",
    "../../etc/passwd": "_.._etc_passwd.pdf",
    "C:\\Users\\me\\manual.pdf": "C:_Users_me_manual.pdf",
    "invoice.pdf.exe": "invoice.pdf.exe.pdf",
    "invoice\u202efdp.exe": "invoicefdp.exe.pdf",
    "nul\0byte.pdf": "nulbyte.pdf",
    "": "file.pdf",
    None: "file.pdf",
    ".pdf": "pdf.pdf",
    "...": "file.pdf",
    "報告 \U0001f600.pdf": "報告 \U0001f600.pdf",
    "\ud800.pdf": "?.pdf",
    "a" * 400 + ".pdf": "a" * 146 + ".pdf",
    "<script>alert(1)</script>.pdf": "<script>alert(1)<_script>.pdf",
    'quo"te; x=1.pdf': 'quo"te; x=1.pdf',
}


@pytest.mark.parametrize("given", NAMES)
def test_a_name_survives_as_far_as_a_file_can_bear_it(given: str | None) -> None:
    assert display_name(given, PDF) == NAMES[given]


def test_a_name_ends_as_the_content_is() -> None:
    assert display_name("photo.png", JPEG) == "photo.jpg"
    assert display_name("steps.gif", PNG) == "steps.png"
    assert display_name("page.html", TEXT) == "page.html.txt"
    assert display_name("run.bat", TEXT) == "run.bat.txt"
    assert display_name("server.log", TEXT) == "server.log"
    assert display_name("app.jar", ZIP) == "app.jar.zip"


@pytest.mark.parametrize("name", [name for name in NAMES.values() if name])
def test_the_header_of_a_download_holds_any_name(name: str) -> None:
    header = disposition(name, inline=False)
    assert header.startswith("attachment; ")
    assert header.isascii()
    assert "\n" not in header
    assert header.count('"') == 2
    header.encode("latin-1")


def test_naughty_strings_are_names_addresses_and_links(data_folder: Path) -> None:
    for text in json.loads((data_folder / "security/blns/blns.json").read_text("utf-8")):
        name = display_name(text + ".pdf", PDF)
        assert name.endswith(".pdf")
        assert 4 < len(name) <= 150
        address = address_name(name)
        assert address.isascii()
        assert address == address.strip("./\\% ")
        assert file_keys(file_markdown("abcdefgh23", name, alt="", is_picture=False)) == {"abcdefgh23"}
        disposition(name, inline=True).encode("ascii")


def test_pictures_without_a_description_are_told_with_their_lines() -> None:
    text = (
        "![](/kb/files/abcdefgh23/a.png)\n\n![ ](/kb/files/abcdefgh24/b.png) ![A plan](/kb/files/abcdefgh25/c.png)\n\n"
        "```\n![](/kb/files/abcdefgh26/in-code.png)\n```\n\n`![](x.png)` \n"
        '<img src="/kb/files/abcdefgh27/d.png"> <img alt="Yes" src="/e.png"> <img alt="" src="/f.png">\n'
    )
    assert [(found.line, found.address.rpartition("/")[2]) for found in pictures_without_alt(text)] == [
        (1, "a.png"), (3, "b.png"), (10, "d.png"), (10, "f.png"),
    ]  # fmt: skip


def zip64(entries: int) -> bytes:
    """An archive whose end record tells of one entry, and the larger record before it of many."""
    plain = pictures.archive(a=b"a").getvalue()
    start, end = plain.find(b"PK\x01\x02"), plain.find(b"PK\x05\x06")
    directory = plain[start:end] * entries
    told = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, len(directory), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(directory), 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, end - start, start, 0)
    return plain[:start] + directory + told + locator + last


def test_a_table_of_contents_is_bounded_wherever_it_is_told() -> None:
    assert sniff(io.BytesIO(zip64(1))) is ZIP
    stream = io.BytesIO(zip64(60_000))
    tracemalloc.start()
    with pytest.raises(Refused, match="far too large"):
        sniff(stream)
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()
    without_record = zip64(1).replace(b"PK\x06\x06", b"PK\x06\x00")
    with pytest.raises(Refused, match="damaged"):
        sniff(io.BytesIO(without_record))


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED])
@pytest.mark.parametrize("broken", [False, True])
def test_nothing_in_an_archive_is_unpacked_to_tell_what_it_is(packing: int, broken: bool) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as made:
        made.writestr("mimetype", b"application/vnd.oasis.opendocument.text" * 20)
        made.writestr("content.xml", b"<x/>")
    data = bytearray(out.getvalue())
    if broken:
        data[6] |= 1  # encrypted
        data[38:60] = b"\xff" * 22
        data[data.find(b"PK\x01\x02") + 8] |= 1
    if broken and packing == zipfile.ZIP_STORED:
        with pytest.raises(Refused, match="damaged"):
            sniff(io.BytesIO(bytes(data)))
    else:
        assert sniff(io.BytesIO(bytes(data))) is ZIP
