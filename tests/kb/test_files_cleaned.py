"""Pictures are encoded anew and words read out in a child process that cannot take the site with it."""

import io
import threading

import pytest
from PIL import Image

from kb.files import kinds, process
from kb.files.bare import is_bare
from kb.files.kinds import DOCX, GIF, JPEG, PDF, PNG, TEXT, WEBP, Refused
from kb.files.process import clean_picture, read_words
from sportello.core.errors import Unavailable
from tests.kb import pictures


def cleaned(stream: io.BytesIO, kind: kinds.FileKind) -> tuple[process.Picture, bytes]:
    made = clean_picture(kind, stream)
    with made.data as data:
        return made, data.read()


def test_a_photo_loses_its_place_and_camera_and_stands_upright() -> None:
    source = pictures.photo()
    assert b"zqcamera" in source.getvalue()
    made, data = cleaned(source, JPEG)
    assert (made.width, made.height) == (20, 40)
    for trace in (b"Exif", b"zqcamera", b"zqcomment", b"GPS", b"ICC_PROFILE"):
        assert trace not in data
    with Image.open(io.BytesIO(data)) as result:
        assert not result.getexif()


@pytest.mark.parametrize(
    ("form", "kind", "mode"),
    [
        ("PNG", PNG, "RGBA"),
        ("PNG", PNG, "P"),
        ("PNG", PNG, "L"),
        ("JPEG", JPEG, "CMYK"),
        ("WEBP", WEBP, "RGBA"),
        ("GIF", GIF, "P"),
    ],
)
def test_every_kind_of_picture_comes_out_as_a_picture(form: str, kind: kinds.FileKind, mode: str) -> None:
    made, data = cleaned(pictures.picture(form, mode=mode), kind)
    assert made.kind is (PNG if kind is GIF else kind)
    assert not made.moved
    with Image.open(io.BytesIO(data)) as result:
        assert result.size == (30, 20)
        assert result.mode == {"CMYK": "RGB"}.get(mode, mode)


@pytest.mark.parametrize(("form", "kind"), [("GIF", GIF), ("WEBP", WEBP)])
def test_of_an_animation_the_first_picture_is_kept(form: str, kind: kinds.FileKind) -> None:
    made, data = cleaned(pictures.moving(form), kind)
    assert made.moved
    with Image.open(io.BytesIO(data)) as result:
        assert getattr(result, "n_frames", 1) == 1


def test_what_hides_behind_or_inside_a_picture_is_gone() -> None:
    polyglot = pictures.picture("GIF", mode="P").getvalue() + b"<script>alert(1)</script>"
    assert b"script" not in cleaned(io.BytesIO(polyglot), GIF)[1]
    tail = pictures.picture("PNG").getvalue() + pictures.archive(x_dot_txt=b"payload").getvalue()
    assert b"PK\x03\x04" not in cleaned(io.BytesIO(tail), PNG)[1]


@pytest.mark.parametrize(
    ("stream", "kind", "message"),
    [
        (pictures.huge_png(5000, 4201), PNG, kinds.PIXELS),
        (pictures.huge_png(60_000, 60_000), PNG, kinds.PIXELS),
        (pictures.picture("WEBP", (10, 10)), JPEG, kinds.DAMAGED),
        (io.BytesIO(b"\x89PNG\r\n\x1a\n"), PNG, kinds.DAMAGED),
        (io.BytesIO(pictures.picture("JPEG", (400, 400)).getvalue()[:900]), JPEG, kinds.DAMAGED),
        (io.BytesIO(b"GIF89a=1;alert(1)//"), GIF, kinds.DAMAGED),
        (io.BytesIO(b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff"), WEBP, kinds.PIXELS),
    ],
)
def test_a_bomb_or_a_damaged_picture_is_refused(stream: io.BytesIO, kind: kinds.FileKind, message: str) -> None:
    with pytest.raises(Refused) as refusal:
        clean_picture(kind, stream)
    assert refusal.value.message == message


def test_twenty_megapixels_are_taken() -> None:
    """The counter-proof, at the limit."""
    assert cleaned(pictures.picture("PNG", (5000, 4000), "L"), PNG)[0].width == 5000


@pytest.mark.parametrize(("form", "kind"), [("PNG", PNG), ("JPEG", JPEG), ("WEBP", WEBP)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_what_was_cleaned_here_is_known_to_be_bare(form: str, kind: kinds.FileKind, mode: str) -> None:
    source = pictures.picture(form, (90, 70), mode if form == "PNG" else "RGB" if form == "JPEG" else "RGBA")
    data = cleaned(source, kind)[1]
    assert is_bare(kind, io.BytesIO(data))
    for other in (data + b"x", data[:-1], data[:20], data + pictures.archive(a=b"x").getvalue()):
        assert not is_bare(kind, io.BytesIO(other))


def test_a_picture_that_says_more_is_not_bare() -> None:
    assert not is_bare(JPEG, pictures.photo())
    assert not is_bare(PNG, pictures.picture(dpi=(300, 300)))
    assert not is_bare(WEBP, pictures.picture("WEBP", exif=b"Exif\0\0II*\0"))
    assert not is_bare(WEBP, pictures.moving("WEBP"))
    assert not is_bare(GIF, pictures.picture("GIF", mode="P"))


def test_the_words_of_documents_are_read() -> None:
    assert read_words(PDF, pictures.pdf("The zebra crosses")) == "The zebra crosses"
    assert read_words(DOCX, pictures.docx("Die Übersicht")) == "Die Übersicht\ncell Die Übersicht"
    assert read_words(TEXT, io.BytesIO("perché\n\n  no ".encode("cp1252"))) == "perché\nno"
    assert read_words(TEXT, io.BytesIO("perché".encode("utf-16"))) == "perché"
    assert read_words(TEXT, io.BytesIO(b"\xef\xbb\xbfa")) == "a"


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (pictures.endless_pdf(), PDF),
        (io.BytesIO(b"%PDF-1.4 and nothing else"), PDF),
        (pictures.archive(word__document_dot_xml=b"<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>"), DOCX),
        (io.BytesIO(b"PK\x03\x04"), DOCX),
    ],
)
def test_what_cannot_be_read_has_no_words(stream: io.BytesIO, kind: kinds.FileKind) -> None:
    assert read_words(kind, stream) == ""


def test_a_text_is_read_only_so_far() -> None:
    assert len(read_words(TEXT, io.BytesIO(b"word " * 1_000_000))) == process.MAX_WORDS


def test_of_a_file_that_takes_too_long_what_came_before_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own processor time, whatever else the machine does."""
    monkeypatch.setattr(process, "PROCESSOR_SECONDS", 1)
    words = read_words(DOCX, pictures.long_docx("zebra", 300_000))
    assert words.startswith("zebra\nzebra\n") or words == ""
    assert words.count("zebra") < 300_000


def test_a_machine_that_is_too_busy_asks_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no child is left behind."""
    monkeypatch.setattr(process, "SECONDS", 0.0)
    with pytest.raises(Unavailable):
        read_words(PDF, pictures.pdf("The zebra"))
    with pytest.raises(Unavailable):
        clean_picture(PNG, pictures.picture())
    monkeypatch.undo()
    assert read_words(PDF, pictures.pdf("The zebra")) == "The zebra", "turns are given back"


def test_only_a_few_are_worked_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are sent at the same time, memory is bounded by the number of children."""
    running, most, lock = 0, 0, threading.Lock()
    real = process._chunks

    def watched(child: object) -> object:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        yield from real(child)  # type: ignore[arg-type]
        with lock:
            running -= 1

    monkeypatch.setattr(process, "_chunks", watched)
    threads = [threading.Thread(target=read_words, args=(TEXT, io.BytesIO(b"hello"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= process.MOST_AT_ONCE
