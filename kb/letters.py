"""What mails about articles say."""

from collections.abc import Mapping

from sportello.core.errors import N_
from sportello.core.letters import Letter
from sportello.notifications.delivery.letters import Told, Writer


def _letter(told: Told, label: str, subject: str) -> Letter:
    _ = told.translate
    return Letter(
        subject=_(subject, title=told.title),
        label=_(label),
        heading=told.title,
        paragraphs=[text for text in (told.says, told.summary) if text],
        link=told.link,
        link_text=_(N_("Read the article")),
    )


def published(told: Told) -> Letter:
    return _letter(told, N_("New article"), N_("New: %(title)s"))


def updated(told: Told) -> Letter:
    return _letter(told, N_("Changed article"), N_("Changed: %(title)s"))


def pushed(told: Told) -> Letter:
    return _letter(told, N_("Worth your attention"), N_("To read: %(title)s"))


LETTERS: Mapping[str, Writer] = {
    "article-published": published,
    "article-updated": updated,
    "article-pushed": pushed,
}
