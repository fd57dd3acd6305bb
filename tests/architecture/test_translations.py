"""Both languages are whole: the catalogues hold what the code and the templates say, and all of it is in Italian."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("sportello", "kb", "editorial", "search_index", "templates")
"""As in `make translations`; folders that do not exist yet are left out."""
KEYWORDS = {**DEFAULT_KEYWORDS, **parse_keywords(["lazy_gettext", "N_"])}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
LANGUAGES = ("en", "it")


def said() -> set[str]:
    """The message identifiers that extraction finds; of a plural the singular."""
    with (ROOT / "translations" / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found: set[str] = set()
    for folder in FOLDERS:
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, methods, options, KEYWORDS):
            singular = message[0] if isinstance(message, tuple) else message
            if singular:
                found.add(singular)
    return found


def catalogue(language: str) -> Catalog:
    with (ROOT / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def both(value: object) -> tuple[str, ...]:
    """Singular and plural, or the one there is."""
    return tuple(value) if isinstance(value, list | tuple) else (str(value),)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_exactly_what_is_said(language: str) -> None:
    """Otherwise: `make translations`, then translate what is new."""
    held = {both(message.id)[0] for message in messages(language)}
    spoken = said()
    assert not spoken - held, f"not in the catalogue: {sorted(spoken - held)}"
    assert not held - spoken, f"said nowhere any more: {sorted(held - spoken)}"
    assert len(held) > 300


def test_every_message_has_an_italian_text() -> None:
    missing = [message.id for message in messages("it") if not all(both(message.string)) or message.fuzzy]
    assert not missing, f"missing or fuzzy in Italian: {missing}"


def test_italian_keeps_the_placeholders() -> None:
    """A lost or invented placeholder would break the page that says it."""
    wrong = []
    for message in messages("it"):
        wanted = {name for text in both(message.id) for name in PLACEHOLDER.findall(text)}
        for text in both(message.string):
            if set(PLACEHOLDER.findall(text)) != wanted:
                wrong.append(f"{message.id!r}: {text!r}")
    assert not wrong, "\n".join(wrong)


def test_italian_ends_as_english_does() -> None:
    """A full stop, a colon or an ellipsis that one language lacks is a slip of the pen."""
    ends = set(".:…?!,")
    wrong = []
    for message in messages("it"):
        for english, italian in zip(both(message.id), both(message.string), strict=True):
            last = {text[-1:] for text in (english, italian) if text[-1:] in ends}
            if len(last) > 1 or (last and (english[-1] in ends) != (italian[-1:] in ends)):
                wrong.append(f"{english!r}: {italian!r}")
    assert not wrong, "\n".join(wrong)


def test_what_is_said_goes_by_names_that_extraction_knows() -> None:
    """Under another name a text would stay in English, and no other test would notice."""
    import_line = re.compile(r"^from sportello\.web\.i18n import (?:lazy_|n)?gettext as (\w+)$", re.MULTILINE)
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for name in import_line.findall(path.read_text()):
                assert name == "_", f"{path}: {name}"


def test_nothing_is_said_inside_a_format_string() -> None:
    """Extraction does not look there: a text in f"{_('...')}" would stay in English."""
    hidden = []
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            formats = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr)]
            for call in (node for text in formats for node in ast.walk(text) if isinstance(node, ast.Call)):
                if getattr(call.func, "id", "") in {"_", *KEYWORDS} and isinstance(call.args[0], ast.Constant):
                    hidden.append(f"{path}:{call.lineno}")
    assert not hidden, "\n".join(hidden)
