"""What the knowledge base adds to digests: articles that are new, or say something new, in what somebody follows."""

from collections.abc import Collection, Mapping
from datetime import datetime
from textwrap import shorten

from sqlalchemy.orm import Session

from kb.notices import PUBLISHED, PUSHED, UPDATED
from kb.queries.remembered import remembered
from kb.subjects import ArticleSubjects
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_
from sportello.notifications.queries.news import news
from sportello.notifications.reaching import Telling
from sportello.notifications.registry import DigestItem, Registry, Subject

LINE = 160  # characters of a summary
EVERYBODY = system()


class ArticleNews:
    """Articles of which one of these events was told."""

    def __init__(self, code: str, heading: str, events: Collection[str]) -> None:
        self.code, self.heading, self._events = code, heading, events

    def items(self, session: Session, viewer: Viewer, since: datetime, limit: int) -> list[DigestItem]:
        def subjects(kind: str, keys: Collection[str]) -> Mapping[str, Subject]:
            return _subjects(session, EVERYBODY, tuple(sorted(keys)))

        return [_item(viewer, telling) for telling in news(session, viewer, self._events, since, limit, subjects)]


SECTIONS = (
    ArticleNews("articles-pointed-to", N_("The editors point to"), [PUSHED.code]),
    ArticleNews("articles-new", N_("New articles"), [PUBLISHED.code]),
    ArticleNews("articles-changed", N_("Changed articles"), [UPDATED.code]),
)


def register(registry: Registry) -> None:
    """The sections, in this order."""
    for section in SECTIONS:
        registry.add_section(section)


@remembered
def _subjects(session: Session, viewer: Viewer, keys: tuple[str, ...]) -> Mapping[str, Subject]:
    """Articles as they are now for everybody; the audience rule is asked for each reader afterwards."""
    return ArticleSubjects().subjects(session, keys)


def _item(viewer: Viewer, telling: Telling) -> DigestItem:
    subject = telling.subject
    language = subject.language(viewer.language)
    line = telling.notice.says.get(language) or shorten(subject.summaries.get(language, ""), LINE, placeholder="…")
    at = telling.notice.created_at
    return DigestItem(subject.ref, subject.titles[language], subject.paths[language], at, line, language)
