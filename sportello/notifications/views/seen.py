"""Pages that show something one can be told of: having opened one counts as having read about it."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, g
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.types import Ref
from sportello.notifications.services.seen import note_seen
from sportello.web.access import current_viewer
from sportello.web.gather import Gather
from sportello.web.session import database

Mark = tuple[int, str, datetime]  # who, a person's id, opened what, a written ref, when


def _write(session: Session, marks: Sequence[Mark]) -> None:
    note_seen(session, {(who, what): at for who, what, at in sorted(marks, key=lambda mark: mark[2])})


MARKS: Gather[Mark] = Gather("marks of what was seen", _write)


def opening(ref: Ref) -> None:
    """The page being drawn shows `ref`: its bell does not count what told of it any more."""
    g.opens = ref


def seen_afterwards(response: Response, ref: Ref) -> None:
    """Once the page is out, note that the viewer has seen `ref`; of who is not signed in nothing is noted."""
    viewer, site = current_viewer(), database()
    if viewer.person_id is not None:
        mark = (viewer.person_id, str(ref), clock.now())
        response.call_on_close(lambda: MARKS.add(site, mark))
