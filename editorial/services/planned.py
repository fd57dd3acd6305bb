"""Whether a plan still stands when its time has come. Nobody looks then, so what was decided counts only while that on
which it was decided does: who wrote it, how far the article is trusted, and who reads it.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from editorial.models import Change, State
from editorial.services.held import Held, form_at, get_revision
from editorial.services.publishing import publishing, unplan
from editorial.settings import changed_in
from kb.queries.pointers import covers, organisations_read
from kb.queries.verification import writers
from sportello.accounts.models import Person
from sportello.core import clock
from sportello.core.errors import N_, Conflict

OTHERS = N_("Other people would read this than when it was planned. Look at it again.")
ALONE = N_("This was planned without a review, and could not be published without one now.")


class Overtaken(Conflict):
    """What was decided does not count any more."""


def check_plan(session: Session, held: Held, audience: str, *, ladder: Sequence[str], agents_publish: str) -> None:
    """Raise Overtaken unless the open change may be published as it was planned, while its article had `audience`."""
    change = held.require_open()
    if change.reviewer_id is None and not _by_agents(session, held, change, agents_publish):
        raise Overtaken(ALONE)
    before, now = audience or held.article.audience, held.article.audience
    then = form_at(session, held, change.revision_id).settings.audience
    revision = get_revision(session, change.revision_id)
    alters = "audience" in changed_in(revision.settings if revision else None)
    if now in (before, then if alters else before):
        return
    known = organisations_read(session, ladder)
    # Narrowed meanwhile, and the change would undo that; or widened, and the words were not meant for so many.
    stands = covers(now, before, ladder, known) if alters else covers(before, now, ladder, known)
    if not stands:
        raise Overtaken(OTHERS)


def _by_agents(session: Session, held: Held, change: Change, agents_publish: str) -> bool:
    """Somebody who still writes began it, and what it says is within what agents publish by themselves."""
    writes = session.scalar(writers().where(Person.id == change.author_id)) is not None
    return writes and publishing(session, held, agents_publish).agents_may_publish


def give_up(change: Change, *, decided: bool) -> None:
    """The plan waits for a person: what was `decided` stands, or has to be decided anew."""
    unplan(change)
    change.updated_at = clock.now()
    if not decided:
        change.state, change.reviewer_id, change.decided_at = State.DRAFT, None, None
