"""The words of PDF, DOCX and plain files, in the child process: written out as they are found.

Whoever reads them takes what came until the time was up: the first part of an endless document is better than nothing.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from kb.files.kinds import DOCX, PDF, TEXT, FileKind

MAX_PAGES = 2000
_CHUNK = 1 << 18


def pieces(kind: FileKind, source: BinaryIO) -> Iterator[str]:
    """The text of the file, piece by piece; nothing for kinds that are not read."""
    if kind is PDF:
        return _pdf(source)
    if kind is DOCX:
        return _docx(source)
    return _plain(source) if kind is TEXT else iter(())


def _pdf(source: BinaryIO) -> Iterator[str]:
    from pypdf import PdfReader

    for page in PdfReader(source).pages[:MAX_PAGES]:
        yield page.extract_text() + "\n"


def _docx(source: BinaryIO) -> Iterator[str]:
    from docx import Document
    from docx.table import Table

    for block in Document(source).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield " ".join(cell.text for cell in row.cells) + "\n"
        else:
            yield block.text + "\n"


def _plain(source: BinaryIO) -> Iterator[str]:
    """UTF-8 or UTF-16 by its mark, else UTF-8 with the letters of Windows where it is none."""
    start = source.read(2)
    source.seek(0)
    wide = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    codecs.register_error("as-windows", _as_windows)
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")("replace" if wide else "as-windows")
    while chunk := source.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end
