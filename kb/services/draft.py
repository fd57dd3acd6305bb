"""What an article is to become: plain values that an importer, the demo or an editor hands to the services."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kb.models import Confidence, Kind
from sportello.core.audience import STAFF
from sportello.core.errors import N_, Invalid

LANGUAGES = ("en", "it")
MAX_TITLE = 300
MAX_LABEL = 80  # characters of a tag or a code


@dataclass(frozen=True)
class DraftText:
    """The words of one language.

    `published` False: readers do not have it. `published_at` and `updated_at` are for words with a past: None means
    now, and as the article.
    """

    title: str
    markdown: str
    summary: str = ""
    critical: str | None = None
    published: bool = True
    published_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Draft:
    """An article as it shall be. Products and category are codes; versions are names within those products, or
    "PRODUCT NAME".

    `votes` (yes, no) sets the counters, None leaves them. `updated_at` None means now. `source` and `source_id`
    name the record that it comes from, `source_hash` its content; all None for an article written here.
    """

    texts: Mapping[str, DraftText]
    audience: str = STAFF
    kind: Kind = Kind.REFERENCE
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    critical: str | None = None
    confidence: Confidence = Confidence.VALIDATED
    verified_at: datetime | None = None
    verify_days: int | None = None
    updated_at: datetime | None = None
    votes: tuple[int, int] | None = None
    source: str | None = None
    source_id: str | None = None
    source_hash: str | None = None
    key: str | None = None  # the public key that a new article gets; None: a new one
    owner: str | None = None  # e-mail address of a person; nobody if there is no such person

    def check(self) -> None:
        """Raise Invalid for what no article may be."""
        if not self.texts:
            raise Invalid(N_("An article needs a text in at least one language."), field="markdown")
        for language, words in self.texts.items():
            if language not in LANGUAGES:
                raise Invalid(
                    N_("“%(language)s” is not a language of this site: use en or it."),
                    field="language",
                    language=language,
                )
            if not _storable(words.title + words.markdown + words.summary + (words.critical or "")):
                raise Invalid(N_("The text holds a character that cannot be stored (NUL, half a character)."))
            if not words.title.strip():
                raise Invalid(N_("An article needs a title."), field="title")
            if len(words.title) > MAX_TITLE:
                raise Invalid(N_("The title is longer than %(most)s characters."), field="title", most=MAX_TITLE)
        for label in (*self.tags, *self.codes):
            if not label.strip() or len(label) > MAX_LABEL:
                raise Invalid(
                    N_("“%(label)s” cannot be a tag or a code: use 1 to %(most)s characters."),
                    field="tags",
                    label=label[:40],
                    most=MAX_LABEL,
                )


def _storable(text: str) -> bool:
    """Databases and files take UTF-8 without NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
