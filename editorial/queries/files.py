"""Files that stand in what people are typing: no revision lists them yet, and still they are needed."""

import json

from sqlalchemy.orm import Session

from editorial.models import WorkingCopy
from kb.files.names import file_keys
from sportello.core.audience import system


def files_being_written(session: Session) -> set[str]:
    """Keys of the files that any working copy names."""
    found: set[str] = set()
    for fields in session.scalars(WorkingCopy.visible_to(system(), WorkingCopy.fields)):
        found |= file_keys(json.dumps(fields))
    return found
