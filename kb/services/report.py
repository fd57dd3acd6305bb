"""“Report a problem”: what a reader says is wrong in a paragraph, for those who write articles only."""

import hashlib
import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kb.models import ArticleTranslation, ProblemReport, Revision
from kb.queries.articles import get_article
from sportello.core import clock, keys
from sportello.core.audience import Viewer, system
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require

MAX_QUOTE, MAX_REPORT = 1000, 2000  # characters
_TARGET = re.compile(r'\s(?:href|src)="[^"]*"')
LOOKED_BACK = 20  # revisions in which a text read a while ago is looked for


@dataclass(frozen=True)
class Read:
    """The revision that somebody read. `plain`: its words."""

    id: int | None
    plain: str


def seen_mark(html: str) -> str:
    """What a page says of the text on it, so that an answer can be tied to the revision that was read.

    Without the targets of links: not every reader is told where they lead.
    """
    return hashlib.sha256(_TARGET.sub("", html).encode()).hexdigest()[:16]


def revision_read(session: Session, translation: ArticleTranslation, seen: str) -> Read:
    """The revision with the mark `seen`, else the one that readers have now."""
    columns = (Revision.id, Revision.plain, Revision.html)
    of_this = Revision.visible_to(system(), *columns).where(Revision.translation_id == translation.id)
    current = session.execute(of_this.where(Revision.id == translation.revision_id)).one_or_none()
    if current is None:
        return Read(None, "")
    if not seen or seen_mark(current.html) == seen:
        return Read(current.id, current.plain)
    earlier = of_this.where(Revision.id < current.id).order_by(Revision.id.desc()).limit(LOOKED_BACK)
    for row in session.execute(earlier):
        if seen_mark(row.html) == seen:
            return Read(row.id, row.plain)
    return Read(current.id, current.plain)


def report_problem(
    session: Session, actor: Viewer, slug: str, *, quote: str, comment: str, seen: str = ""
) -> ProblemReport:
    """Note what is wrong. `quote`: words of the text, or empty for the article as a whole; `seen`: the page's mark.

    Raises NotFound, Forbidden, Invalid (nothing said, too long, words that do not stand in the text).
    """
    translation = get_article(session, actor, slug)
    require(actor, Action.ARTICLE_REPORT, translation.article)
    quote, comment = " ".join(quote.split()), comment.replace("\x00", "").strip()
    if not comment:
        raise Invalid(N_("Say what is wrong."), field="comment")
    if len(comment) > MAX_REPORT:
        raise Invalid(N_("The comment is longer than %(most)s characters."), field="comment", most=MAX_REPORT)
    if len(quote) > MAX_QUOTE:
        raise Invalid(N_("Quote at most %(most)s characters."), field="quote", most=MAX_QUOTE)
    read = revision_read(session, translation, seen)
    if not _stands_in(quote, f"{translation.title} {read.plain}"):
        raise Invalid(
            N_("These words do not stand in the article. Copy them from its text, or leave the field empty."),
            field="quote",
        )
    made = ProblemReport(
        key=keys.new_key(), translation_id=translation.id, revision_id=read.id, person_id=actor.person_id,
        quote=quote, comment=comment, created_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    return made


def _stands_in(quote: str, text: str) -> bool:
    """Letters and digits in this order, whatever stands between them: spaces, list marks and such differ."""
    return _bare(quote) in _bare(text)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
