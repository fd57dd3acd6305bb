"""Files for tests, made in memory."""

import io
import struct
import zipfile
import zlib

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base


def picture(form: str = "PNG", size: tuple[int, int] = (30, 20), mode: str = "RGB", **options: object) -> io.BytesIO:
    """A picture of one colour."""
    out = io.BytesIO()
    colour = (200, 30, 30, 128)[: len(Image.new(mode, (1, 1)).getbands())] if mode not in ("P", "1", "L") else 1
    Image.new(mode, size, colour).save(out, form, **options)  # type: ignore[arg-type]
    out.seek(0)
    return out


def photo(orientation: int = 6) -> io.BytesIO:
    """A JPEG, lying on its side, that says where it was taken, and with what."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "Kamerawerk zqcamera"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (45.0, 27.0, 51.0)
    return picture("JPEG", (40, 20), exif=exif, comment=b"zqcomment")


def moving(form: str = "GIF") -> io.BytesIO:
    """An animation of three frames."""
    frames = [Image.new("RGB", (20, 20), (shade, 0, 0)) for shade in (10, 120, 240)]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
    out.seek(0)
    return out


def huge_png(width: int, height: int) -> io.BytesIO:
    """A few kilobytes that say they are a picture of that size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000, 9)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def pdf(text: str) -> io.BytesIO:
    """A PDF of one page that says `text`."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return io.BytesIO(bytes(out))


def endless_pdf() -> io.BytesIO:
    """A PDF whose pages are their own parents: some readers never come to its end."""
    return io.BytesIO(pdf("x").getvalue().replace(b"/Kids [3 0 R] /Count 1", b"/Kids [2 0 R] /Count 9"))


def docx(text: str) -> io.BytesIO:
    """A Word document of one paragraph and a table with one cell, both of which say `text`."""
    from docx import Document

    document, out = Document(), io.BytesIO()
    document.add_paragraph(text)
    document.add_table(1, 1).rows[0].cells[0].text = f"cell {text}"
    document.save(out)
    out.seek(0)
    return out


def long_docx(word: str, paragraphs: int) -> io.BytesIO:
    """A Word document of very many paragraphs."""
    one = f"<w:p><w:r><w:t>{word}</w:t></w:r></w:p>".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(docx("x")) as short, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in short.namelist():
            data = short.read(entry)
            if entry == "word/document.xml":
                data = data.replace(b"<w:body>", b"<w:body>" + one * paragraphs)
            made.writestr(entry, data)
    return out


def archive(**members: bytes) -> io.BytesIO:
    """A ZIP file; `__` in a name stands for a slash, `_dot_` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    out.seek(0)
    return out


def bomb(megabytes: int) -> io.BytesIO:
    """A ZIP file a thousand times larger unpacked."""
    out, block = io.BytesIO(), b"\0" * (1 << 20)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made, made.open("zeros.log", "w") as member:
        for _ in range(megabytes):
            member.write(block)
    out.seek(0)
    return out
