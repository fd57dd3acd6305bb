"""Mails in the reader's language: a letter is a subject, paragraphs and at most one link to follow.

One that tells of several things has them in sections. Text and HTML say the same; the HTML carries its styles with it.
"""

import gettext
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, select_autoescape

from sportello.core.mail import Message
from sportello.core.resources import resource
from sportello.core.settings import Settings

Translator = Callable[..., str]
ACCENT = "#0b5a57"  # the style sheet's, where the site has none of its own


@dataclass(frozen=True)
class Line:
    """Something that a mail names, with its address."""

    title: str
    link: str
    text: str = ""


@dataclass(frozen=True)
class Section:
    """Several of them under a heading."""

    heading: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Letter:
    """What a mail says, already in the reader's language. `link` is the address of the one thing to do.

    `label` and `heading` stand above the text; `critical` shows them in the signal colour. `why` says at the foot why
    the reader gets this, and `ways` how to change that.
    """

    subject: str
    paragraphs: Sequence[str]
    link: str = ""
    link_text: str = ""
    closing: Sequence[str] = ()
    label: str = ""
    heading: str = ""
    critical: bool = False
    sections: Sequence[Section] = ()
    why: str = ""
    ways: Sequence[Line] = ()


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    source = resource("translations", language, "LC_MESSAGES", "messages.po")
    if not source.is_file():
        return gettext.NullTranslations()
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translator(language: str) -> Translator:
    """A function that translates a message and fills its %(named)s places."""
    catalogue = _catalogue(language)

    def translate(message: str, **params: object) -> str:
        translated = catalogue.gettext(message)
        return translated % params if params else translated

    return translate


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(resource("templates"))
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)


def write(settings: Settings, to: str, language: str, letter: Letter, key: str) -> Message:
    """The mail of `letter`; `key` names the occasion, the same for every attempt to send it."""
    values = {
        "letter": letter,
        "language": language,
        "accent": settings.accent or ACCENT,
        "site": settings.operator_name or settings.site_name,
        "support": settings.support_email,
    }
    text = _templates().get_template("mail/letter.txt").render(values)
    html = _templates().get_template("mail/letter.html").render(values)
    return Message(to=to, subject=letter.subject, text=text, html=html, key=key)
