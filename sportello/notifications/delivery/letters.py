"""What mails about notices say. A feature writes its own in LETTERS; the others get a plain one.

A writer gets one notice as one reader is told of it, and returns the letter in the reader's language. It is called
after everything was asked anew: the subject is released and the reader may read it. The foot of the mail (why they
get it, how to change that) is added by the sender.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sportello.core.errors import N_
from sportello.core.letters import Letter, Line, Section, Translator, translator
from sportello.core.settings import Settings
from sportello.notifications.models import Notice
from sportello.notifications.recipients import Recipient
from sportello.notifications.registry import EventType, Subject


@dataclass(frozen=True)
class Told:
    """One notice as one reader is told of it. `session` only reads."""

    settings: Settings
    session: Session
    reader: Recipient
    notice: Notice
    event: EventType
    subject: Subject

    @property
    def translate(self) -> Translator:
        return translator(self.reader.language)

    @property
    def language(self) -> str:
        """In which the subject is named: the reader's, if it is there."""
        return self.subject.language(self.reader.language)

    @property
    def title(self) -> str:
        return self.subject.titles[self.language]

    @property
    def summary(self) -> str:
        return self.subject.summaries.get(self.language, "")

    @property
    def link(self) -> str:
        return address(self.settings, self.subject.paths.get(self.language, "/"))

    @property
    def says(self) -> str:
        """The sentence of the person who posted the notice, in the reader's language or the nearest to it."""
        says = self.notice.says
        return str(says.get(self.reader.language) or says.get(self.language) or next(iter(says.values()), ""))


Writer = Callable[[Told], Letter]

LETTERS: dict[str, Writer] = {}
"""By the code of the event type."""


def address(settings: Settings, path: str) -> str:
    """The whole address of a path of the site."""
    return settings.base_url.rstrip("/") + "/" + path.lstrip("/")


def letter_for(told: Sequence[Told]) -> Letter:
    """The letter of one notice, or of several of one thread, the oldest first. About one subject the newest speaks."""
    newest = list({one.subject.ref: one for one in told}.values())
    if len(newest) == 1:
        return LETTERS.get(newest[0].event.code, default_letter)(newest[0])
    return grouped_letter(newest)


def default_letter(told: Told) -> Letter:
    """What it is called, what somebody says of it, what it is about, where it is."""
    _ = told.translate
    return Letter(
        subject=told.title,
        label=_(told.event.label),
        heading=told.title,
        paragraphs=[text for text in (told.says, told.summary) if text],
        link=told.link,
        link_text=_(N_("Open it")),
    )


def grouped_letter(told: Sequence[Told]) -> Letter:
    """Several things of one thread in one mail: as a list, with what each would have said first."""
    first = told[0]
    _ = first.translate
    letters = [letter_for([one]) for one in told]
    lines = [
        Line(letter.heading or letter.subject, one.link, next(iter(letter.paragraphs), ""))
        for one, letter in zip(told, letters, strict=True)
    ]
    return Letter(
        subject=_(N_("%(subject)s, and %(count)s more"), subject=letters[0].subject, count=len(told) - 1),
        label=_(first.event.label),
        heading=_(N_("%(count)s new things"), count=len(told)),
        paragraphs=(),
        sections=(Section("", lines),),
    )
