"""What a person says of themselves: name, language, time zone, appearance."""

from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.accounts.services import audit, check
from sportello.core.audience import Viewer
from sportello.core.errors import Forbidden


def edit_profile(session: Session, viewer: Viewer, name: str, language: str, timezone: str, theme: str) -> Person:
    """Change the viewer's own settings. Raises Invalid."""
    person = session.get(Person, viewer.person_id) if viewer.person_id is not None else None
    if person is None:
        raise Forbidden
    before = {"name": person.name}
    person.name = check.check_name(name)
    person.timezone = check.check_timezone(timezone)
    person.language, person.theme = check.check_language(language), check.check_theme(theme)
    audit.record(session, viewer, "person.renamed", person.email, before, {"name": person.name})
    return person


def set_preferences(session: Session, viewer: Viewer, language: str | None = None, theme: str | None = None) -> None:
    """Keep the viewer's choice of language or appearance; does nothing for somebody signed out."""
    person = session.get(Person, viewer.person_id) if viewer.person_id is not None else None
    if person is None:
        return
    if language is not None:
        person.language = check.check_language(language)
    if theme is not None:
        person.theme = check.check_theme(theme)
