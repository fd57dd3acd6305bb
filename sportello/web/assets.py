"""Static files: ours, Bootstrap's style sheet from its package, and a sprite of the icons in use.

Everything is laid out under one folder named by the hash of its content, so that addresses never go stale, relative
addresses between files work, and WhiteNoise may serve them as immutable, compressed beside.
"""

import gzip
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import brotli
import flask_bootstrap
from flask import Flask
from markupsafe import Markup
from whitenoise import WhiteNoise

from sportello.web.security import Hardened

BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
ICON_CALL = re.compile(r"icon\(\s*[\"']([a-z0-9-]+)[\"']|data-icon=\"([a-z0-9-]+)\"|ICON:([a-z0-9-]+)")
PICTURE_IN_RULE = re.compile(rb'url\("data:[^"]*"\)')
SYMBOL = re.compile(r"<symbol[^>]*\bid=\"([a-z0-9-]+)\".*?</symbol>", re.DOTALL)
COMPRESSED = {".css", ".js", ".svg", ".txt"}


def icons_in_use(templates: Path) -> set[str]:
    """Names that any template draws, found by reading them; computed names are listed as `ICON:name` comments."""
    found: set[str] = set()
    for path in templates.rglob("*.html"):
        found.update(name for match in ICON_CALL.findall(path.read_text("utf-8")) for name in match if name)
    return found


def sprite(templates: Path, own: Path) -> str:
    """An SVG sprite: the symbols in use from Bootstrap Icons, then our own (`own`: symbols without a root)."""
    wanted = icons_in_use(templates)
    source = (BOOTSTRAP / "icons" / "bootstrap-icons.svg").read_text("utf-8")
    symbols = [match.group(0) for match in SYMBOL.finditer(source) if match.group(1) in wanted]
    body = "".join([*symbols, own.read_text("utf-8")])
    return f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'


def vendor_styles() -> bytes:
    """Bootstrap's style sheet without the pictures inside its rules: the content policy refuses `data:` addresses, and
    what draws arrows, ticks and crosses here are our own rules."""
    return PICTURE_IN_RULE.sub(b"none", (BOOTSTRAP / "css" / "bootstrap.min.css").read_bytes())


def _collect(static: Path, templates: Path) -> dict[str, bytes]:
    files = {
        path.relative_to(static).as_posix(): path.read_bytes()
        for path in sorted(static.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    files["css/bootstrap.min.css"] = vendor_styles()
    files["icons.svg"] = sprite(templates, static / "marks.svg").encode()
    return files


def build(static: Path, templates: Path, target: Path) -> str:
    """Lay the files out under target/HASH unless they are there; returns HASH. Safe with several processes."""
    files = _collect(static, templates)
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(name.encode() + b"\0" + content)
    version = digest.hexdigest()[:12]
    if (target / version).is_dir():
        return version
    target.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target, prefix=".new-"))
    partial.chmod(0o755)
    for name, content in files.items():
        path = partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if path.suffix in COMPRESSED:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, mtime=0))
            path.with_name(path.name + ".br").write_bytes(brotli.compress(content))
    try:
        os.rename(partial, target / version)
    except OSError:  # another process was faster
        shutil.rmtree(partial, ignore_errors=True)
    return version


def _icons(address: str) -> Callable[..., Markup]:
    """What draws an icon: pages have dozens, so that this is a function and not a macro."""

    def draw(name: str, label: str | None = None) -> Markup:
        role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon" {}><use href="{}#{}"/></svg>').format(role, address, name)

    plain = lru_cache(maxsize=512)(draw)
    return lambda name, label=None: draw(name, label) if label else plain(name)


def init_assets(app: Flask, static: Path, templates: Path, target: Path) -> None:
    """Build the files and serve them below /static/."""
    version = build(static, templates, target)
    app.jinja_env.globals["static_url"] = lambda name: f"/static/{version}/{name}"
    app.jinja_env.globals["draw_icon"] = _icons(f"/static/{version}/icons.svg")
    files = WhiteNoise(
        app.wsgi_app,
        root=str(target / version),
        prefix=f"/static/{version}/",
        immutable_file_test=lambda path, url: True,
        allow_all_origins=False,
        charset="utf-8",
    )
    app.wsgi_app = Hardened(files)  # type: ignore[method-assign]
