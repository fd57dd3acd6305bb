"""Who may do what: one table. Absence is denial; any one rule of a row is enough."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sportello.core.audience import Role, Viewer
from sportello.core.errors import Forbidden

Rule = Callable[[Viewer, Any], bool]


class Action(StrEnum):
    """Everything that somebody may be allowed to do."""

    ARTICLE_VOTE = "article.vote"
    ARTICLE_IMPORT = "article.import"
    ARTICLE_WRITE = "article.write"
    ARTICLE_PUBLISH = "article.publish"
    COLLEAGUES_MANAGE = "colleagues.manage"
    ORGANISATIONS_MANAGE = "organisations.manage"
    PEOPLE_MANAGE = "people.manage"
    PRODUCTS_MANAGE = "products.manage"
    AUDIT_READ = "audit.read"
    STAFF_PAGES = "staff.pages"
    HEALTH_READ = "health.read"
    SEARCH_REPORT_READ = "search.report.read"
    OUTBOX_MANAGE = "outbox.manage"


def has(*roles: Role) -> Rule:
    """The viewer holds one of these roles."""
    wanted = frozenset(roles)

    def rule(viewer: Viewer, subject: Any) -> bool:
        return bool(viewer.roles & wanted)

    return rule


def is_signed_in(viewer: Viewer, subject: Any) -> bool:
    return viewer.is_signed_in


def is_staff(viewer: Viewer, subject: Any) -> bool:
    return viewer.is_staff


def is_contact_of(viewer: Viewer, subject: Any) -> bool:
    """A company contact, for their own organisation (`subject` is an organisation or its id holder, or None)."""
    if Role.CONTACT not in viewer.roles or viewer.organisation_id is None:
        return False
    return subject is None or getattr(subject, "organisation_id", None) == viewer.organisation_id


is_administrator = has(Role.ADMINISTRATOR)
is_editor = has(Role.EDITOR, Role.ADMINISTRATOR)

RULES: dict[Action, tuple[Rule, ...]] = {
    Action.ARTICLE_VOTE: (is_signed_in,),
    Action.ARTICLE_IMPORT: (is_editor,),
    Action.ARTICLE_WRITE: (is_editor,),
    Action.ARTICLE_PUBLISH: (is_editor,),
    Action.COLLEAGUES_MANAGE: (is_contact_of, is_administrator),
    Action.ORGANISATIONS_MANAGE: (is_administrator,),
    Action.PEOPLE_MANAGE: (is_administrator,),
    Action.PRODUCTS_MANAGE: (is_administrator,),
    Action.AUDIT_READ: (is_administrator,),
    Action.STAFF_PAGES: (is_staff,),
    Action.HEALTH_READ: (is_staff,),
    Action.SEARCH_REPORT_READ: (is_staff,),
    Action.OUTBOX_MANAGE: (is_administrator,),
}


def allows(viewer: Viewer, action: Action, subject: Any = None) -> bool:
    """True if any rule of the action's row admits the viewer for `subject`."""
    return any(rule(viewer, subject) for rule in RULES.get(action, ()))


def require(viewer: Viewer, action: Action, subject: Any = None) -> None:
    """Raise Forbidden unless `allows`."""
    if not allows(viewer, action, subject):
        raise Forbidden
