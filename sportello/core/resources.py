"""Where templates, static files, translations and migrations are, in a checkout and in an installed wheel.

In a checkout they are flat folders beside the package; the wheel carries them under `sportello/_resources`.
"""

from functools import cache
from pathlib import Path

FOLDERS = ("templates", "static", "translations", "migrations")
_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def root() -> Path:
    """The folder that holds all of FOLDERS: the wheel's copy if there is one, else the checkout."""
    packaged = _PACKAGE / "_resources"
    return packaged if packaged.is_dir() else _PACKAGE.parent


def resource(folder: str, *parts: str) -> Path:
    """The path of `folder` (one of FOLDERS), or of something inside it that may not exist. Raises ValueError."""
    if folder not in FOLDERS:
        raise ValueError(f"{folder!r} is not one of {', '.join(FOLDERS)}")
    return root().joinpath(folder, *parts)
