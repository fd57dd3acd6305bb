"""English and Italian: which language and time zone a request speaks, and the catalogues behind it."""

import hashlib
import os
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, g, request
from flask_babel import Babel, get_locale, get_translations, gettext, lazy_gettext, ngettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from sportello.core.audience import Viewer
from sportello.core.errors import SportelloError
from sportello.web.access import current_viewer
from sportello.web.session import settings

LANGUAGES = ("en", "it")
LANGUAGE_NAMES = {"en": "English", "it": "Italiano"}
LANGUAGE_COOKIE = "language"
THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")

__all__ = ["current_language", "explain", "gettext", "init_i18n", "lazy_gettext", "ngettext"]


def current_language() -> str:
    """`en` or `it`: the person's own, else the cookie's, else the browser's, else the site's."""
    viewer = current_viewer()
    known: tuple[Viewer, str] | None = g.get("language_of")  # pages ask some fifteen times
    if known is None or known[0] is not viewer:
        known = g.language_of = (viewer, _language_for(viewer))
    return known[1]


def _language_for(viewer: Viewer) -> str:
    if viewer.is_signed_in and viewer.language in LANGUAGES:
        return viewer.language
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or settings().default_language


def current_timezone() -> tzinfo:
    """The person's time zone, else the site's."""
    name = current_viewer().timezone if current_viewer().is_signed_in else settings().default_timezone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def current_theme() -> str | None:
    """`light` or `dark` when the person chose one; None follows the system."""
    theme = current_viewer().extra.get("theme") or request.cookies.get(THEME_COOKIE, "auto")
    return theme if theme in ("light", "dark") else None


def explain(error: SportelloError) -> str:
    """The error's message in the reader's language."""
    return str(gettext(error.message, **error.params) if error.params else gettext(error.message))


def compile_catalogues(source: Path, cache: Path) -> Path:
    """Compile every .po under `source` into a folder of `cache` named by their content; returns it."""
    catalogues = sorted(source.glob("*/LC_MESSAGES/*.po"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in catalogues)).hexdigest()[:12]
    target = cache / digest
    for path in catalogues:
        compiled = (target / path.relative_to(source)).with_suffix(".mo")
        if compiled.exists():
            continue
        compiled.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3])
        partial = compiled.with_suffix(f".{os.getpid()}-{id(catalogue)}.tmp")
        with partial.open("wb") as file:
            write_mo(file, catalogue)
        partial.replace(compiled)
    return target


def _vary(response: Response) -> Response:
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def _quick_catalogues(app: Flask) -> None:
    """Templates ask for some fifty texts a page: find the catalogue by the language alone, once known."""
    known: dict[str, Any] = {}

    def catalogue() -> Any:
        language = get_locale().language
        if (found := known.get(language)) is None:
            found = known[language] = get_translations()
        return found

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogue().ugettext(text),
        ngettext=lambda one, many, count: catalogue().ungettext(one, many, count),
        newstyle=True,
        pgettext=lambda context, text: catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, count: catalogue().unpgettext(context, one, many, count),
    )

    @pass_eval_context
    def text(escaping: EvalContext, message: str, /, **values: Any) -> str:
        """As the engine's own `_`: what is translated is markup, what is filled in gets escaped."""
        found: str = catalogue().ugettext(message)
        if escaping.autoescape:
            found = Markup(found)
        return found % values if values or "%" in found else found

    app.jinja_env.globals["_"] = text


def init_i18n(app: Flask, translations: Path, cache: Path) -> None:
    """Set up Flask-Babel with catalogues compiled from `translations`."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(compile_catalogues(translations, cache).resolve())
    Babel(
        app,
        locale_selector=current_language,
        timezone_selector=lambda: str(current_timezone()),
    )
    _quick_catalogues(app)
    app.jinja_env.globals.update(
        current_language=current_language,
        current_theme=current_theme,
        LANGUAGE_NAMES=LANGUAGE_NAMES,
        get_locale=get_locale,
        explain=explain,
    )
    app.after_request(_vary)
