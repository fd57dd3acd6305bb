"""Pictures encoded anew, in the child process: nothing but the pixels survives.

Position, camera, comments, thumbnails, colour profiles (applied, then dropped) and whatever hides behind the picture
are gone. The orientation is applied. Of an animation its first picture is kept: moving pictures that cannot be stopped
keep people from reading (WCAG 2.2.2). A GIF becomes PNG.
"""

import contextlib
import io
import struct
from typing import Any, BinaryIO

from PIL import Image, ImageCms, ImageOps

from kb.files.kinds import GIF, JPEG, MAX_PIXELS, PNG, WEBP, FileKind

SMALL = 4_000_000  # pixels
_FORMATS = {PNG: "PNG", JPEG: "JPEG", GIF: "GIF", WEBP: "WEBP"}
_MODES = {"PNG": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}, "JPEG": {"L", "RGB"}, "WEBP": {"RGB", "RGBA"}}
_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 90, "progressive": True},
    "WEBP": {"quality": 90, "method": 2},
}


class TooManyPixels(Exception):
    """More than MAX_PIXELS."""


def encode(kind: FileKind, source: BinaryIO) -> tuple[FileKind, tuple[int, int], bool, bytes]:
    """Kind, size and bytes of the clean picture, and whether it moved before.

    Raises TooManyPixels before anything is decoded, and whatever Pillow raises for a damaged picture.
    """
    if kind is WEBP:
        _check(_webp_size(source))  # Pillow makes room for the pixels as soon as it opens one
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        picture: Image.Image = Image.open(source, formats=[_FORMATS[kind]])
    except Image.DecompressionBombError as error:
        raise TooManyPixels from error
    _check(picture.size)
    moved = kind is not JPEG and getattr(picture, "n_frames", 1) > 1
    picture.load()
    with contextlib.suppress(Exception):  # a broken orientation is no reason to refuse the picture
        picture = ImageOps.exif_transpose(picture)
    result = PNG if kind is GIF else kind
    clean = _plain(picture, _FORMATS[result])
    out = io.BytesIO()
    # Small pictures are worth being packed tightly; a large one would take ten seconds.
    level = {"compress_level": 6 if clean.size[0] * clean.size[1] < SMALL else 2} if result is PNG else {}
    clean.save(out, _FORMATS[result], **_OPTIONS[_FORMATS[result]], **level)
    return result, clean.size, moved, out.getvalue()


def _check(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise TooManyPixels


def _plain(picture: Image.Image, target: str) -> Image.Image:
    """In a mode that the target has, without anything beside the pixels but a palette's transparency."""
    picture = _in_srgb(picture)
    if picture.mode not in _MODES[target]:
        deep = picture.mode in ("I", "F", "I;16B", "I;16L")
        alpha = picture.has_transparency_data and target != "JPEG"
        picture = picture.convert("RGBA" if alpha else "L" if deep and target != "WEBP" else "RGB")
    kept = picture.info.get("transparency")
    picture.info = {} if kept is None or target == "JPEG" else {"transparency": kept}
    return picture


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        with contextlib.suppress(Exception):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            return picture if made is None else made
    return picture


def _webp_size(source: BinaryIO) -> tuple[int, int]:
    """Width and height as the header says (RFC 9649)."""
    head = source.read(30)
    source.seek(0)
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 " and len(head) == 30:
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("not a WebP picture")
