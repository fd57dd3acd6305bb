"""Keeping what was merged: from then on the working copy starts from the revision that was merged in."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from editorial.models import WorkingCopy
from editorial.services.copies import Begun, autosave
from kb.models import Revision
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound


def keep_merged(
    session: Session, actor: Viewer, slug: str, fields: Mapping[str, Any], base_revision_id: int, begun: Begun
) -> WorkingCopy:
    """As `autosave`, for a text into which the revision `base_revision_id` was merged. Raises NotFound, Forbidden."""
    copy = autosave(session, actor, slug, fields, begun)
    mine = Revision.visible_to(actor, Revision.id).where(
        Revision.id == base_revision_id, Revision.translation_id == copy.translation_id
    )
    if session.scalar(mine) is None:
        raise NotFound
    copy.base_revision_id, copy.changed = base_revision_id, True
    session.flush()
    return copy
