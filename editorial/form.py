"""What a person types into the editor: the words of one language and the settings that all languages share."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from editorial.settings import LISTS, NAMES, Settings
from kb.models import Confidence, Kind
from kb.services import Draft, DraftText
from sportello.core.audience import check_key
from sportello.core.errors import N_, Invalid

TEXTS = ("title", "markdown", "summary")
MAX_VERIFY_DAYS = 3650
MAX_SUMMARY, MAX_CRITICAL = 500, 2000
MAX_ENTRIES = 500  # of a list: tags, codes, products, versions


@dataclass(frozen=True)
class ArticleForm:
    """The editor's content. Anything may stand in it while it is typed; `check` says what may be saved."""

    title: str
    markdown: str
    summary: str = ""
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], before: "ArticleForm | None" = None) -> "ArticleForm":
        """From what a page or a working copy sends. Fields that are absent stay as they were `before`.

        Lists (products, versions, tags, codes) are lists of strings, or one string with commas. A mapping with
        `getlist` (a submitted form) gives its lists that way. Line ends become "\\n".
        """
        old = before or cls("", "")
        texts = {name: _text(fields, name, getattr(old, name)) for name in TEXTS}
        values: dict[str, Any] = {name: getattr(old.settings, name) for name in NAMES}
        for name in NAMES:
            if name in fields:
                values[name] = _list(fields, name) if name in LISTS else _value(name, fields[name])
        texts["title"] = " ".join(texts["title"].split())
        return cls(**texts, settings=Settings(**values))

    def to_fields(self) -> dict[str, Any]:
        """Plain values for a working copy or a page; the reverse of `from_fields`."""
        settings = self.settings.as_dict()
        settings["verify_days"] = "" if self.settings.verify_days is None else str(self.settings.verify_days)
        return {name: getattr(self, name) for name in TEXTS} | settings

    def check(self, ladder: Collection[str], language: str = "en") -> None:
        """Raise Invalid, naming the field, for what no article may be. `ladder`: the plan codes of this site.

        Whether products, category and owner exist is asked when it is saved.
        """
        for name in LISTS:
            if len(getattr(self.settings, name)) > MAX_ENTRIES:
                raise Invalid(N_("At most %(most)s entries fit here."), field=name, most=MAX_ENTRIES)
        text = DraftText(self.title, self.markdown, self.summary, self.settings.critical)
        Draft(texts={language: text}, tags=self.settings.tags, codes=self.settings.codes).check()
        if len(self.summary) > MAX_SUMMARY:
            raise Invalid(N_("The summary is longer than %(most)s characters."), field="summary", most=MAX_SUMMARY)
        if len(self.settings.critical) > MAX_CRITICAL:
            raise Invalid(N_("The notice is longer than %(most)s characters."), field="critical", most=MAX_CRITICAL)
        check_key(self.settings.audience, ladder)
        if self.settings.kind not in set(Kind):
            raise Invalid(N_("Choose what kind of article this is."), field="kind")
        if self.settings.confidence not in set(Confidence):
            raise Invalid(N_("Choose how far this article may be trusted."), field="confidence")
        days = self.settings.verify_days
        if days is not None and not 1 <= days <= MAX_VERIFY_DAYS:
            raise Invalid(N_("Use 1 to %(most)s days."), field="verify_days", most=MAX_VERIFY_DAYS)


def _text(fields: Mapping[str, Any], name: str, before: str) -> str:
    value = fields.get(name)
    return before if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")


def _list(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    getlist = getattr(fields, "getlist", None)
    given = getlist(name) if getlist else fields[name]
    parts = given.split(",") if isinstance(given, str) else [part for one in given for part in str(one).split(",")]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _value(name: str, value: Any) -> Any:
    """A single field. Days that are no number become 0, which `check` refuses in words."""
    if name != "verify_days":
        return str(value).strip()
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 6 else 0
