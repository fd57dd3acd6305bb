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
    ARTICLE_DRAFT = "article.draft"  # begin articles, stage changes, upload, send to review
    ARTICLE_HISTORY = "article.history"  # revisions, differences, reviews
    ARTICLE_REVIEW = "article.review"  # approve, send back or refuse what somebody else wrote
    ARTICLE_PUBLISH = "article.publish"
    ARTICLE_ARCHIVE = "article.archive"  # archive, bin, and back
    ARTICLE_VERIFY = "article.verify"  # say that it is still correct
    ARTICLE_BULK = "article.bulk"
    ARTICLE_PUSH = "article.push"  # tell everybody who may read it
    ARTICLE_REPORT = "article.report"  # report a problem in a paragraph
    FEEDBACK_READ = "feedback.read"  # what readers wrote, what they searched
    SEARCH_TUNE = "search.tune"  # synonyms, pinned answers, what failed searches lead to
    REVIEWERS_MANAGE = "reviewers.manage"
    CRITICAL_DRAFT = "critical.draft"  # write critical notices, ask for them, see who knows
    CRITICAL_SEND = "critical.send"  # send, correct, withdraw and close them
    CRITICAL_ANSWER = "critical.answer"  # acknowledge one for one's organisation
    COLLEAGUES_MANAGE = "colleagues.manage"
    WEBHOOKS_MANAGE = "webhooks.manage"  # which systems of an organisation are called
    ORGANISATIONS_MANAGE = "organisations.manage"
    PEOPLE_MANAGE = "people.manage"
    PRODUCTS_MANAGE = "products.manage"
    AUDIT_READ = "audit.read"
    STAFF_PAGES = "staff.pages"
    HEALTH_READ = "health.read"
    SEARCH_REPORT_READ = "search.report.read"
    OUTBOX_MANAGE = "outbox.manage"
    DELIVERIES_MANAGE = "deliveries.manage"  # dead letters, suppressed addresses


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


def is_writer(viewer: Viewer, subject: Any) -> bool:
    return viewer.writes


def is_reviewer(viewer: Viewer, subject: Any) -> bool:
    """Reviews this change: an editor, or one of its products' reviewers; never the author of it.

    `subject`: None (may anybody's work be reviewed at all), or what has `author_id` and `reviewer_ids`.
    """
    if not viewer.writes:
        return False
    if subject is None:
        return True
    if viewer.person_id is not None and subject.author_id == viewer.person_id:
        return False
    return is_editor(viewer, None) or viewer.person_id in subject.reviewer_ids


def publishes_at_this_level(viewer: Viewer, subject: Any) -> bool:
    """An agent, up to the confidence that agents may publish (a setting): `subject.agents_may_publish` says it."""
    return viewer.writes and bool(getattr(subject, "agents_may_publish", False))


def is_second_person(viewer: Viewer, subject: Any) -> bool:
    """An editor; where two people are needed, not one of those whose words they are.

    `subject`: None (may they send at all), or what has `first_ids`: ids of people who cannot be the second.
    """
    if not is_editor(viewer, None):
        return False
    return subject is None or viewer.person_id is None or viewer.person_id not in subject.first_ids


is_administrator = has(Role.ADMINISTRATOR)
is_editor = has(Role.EDITOR, Role.ADMINISTRATOR)

RULES: dict[Action, tuple[Rule, ...]] = {
    Action.ARTICLE_VOTE: (is_signed_in,),
    Action.ARTICLE_IMPORT: (is_editor,),
    Action.ARTICLE_WRITE: (is_editor,),
    Action.ARTICLE_DRAFT: (is_writer,),
    Action.ARTICLE_HISTORY: (is_writer,),
    Action.ARTICLE_REVIEW: (is_reviewer,),
    Action.ARTICLE_PUBLISH: (is_editor, publishes_at_this_level),
    Action.ARTICLE_ARCHIVE: (is_editor,),
    Action.ARTICLE_VERIFY: (is_writer,),
    Action.ARTICLE_BULK: (is_editor,),
    Action.ARTICLE_PUSH: (is_editor,),
    Action.ARTICLE_REPORT: (is_signed_in,),
    Action.FEEDBACK_READ: (is_writer,),
    Action.SEARCH_TUNE: (is_editor,),
    Action.REVIEWERS_MANAGE: (is_editor,),
    Action.CRITICAL_DRAFT: (is_writer,),
    Action.CRITICAL_SEND: (is_second_person,),
    Action.CRITICAL_ANSWER: (is_contact_of,),
    Action.COLLEAGUES_MANAGE: (is_contact_of, is_administrator),
    Action.WEBHOOKS_MANAGE: (is_contact_of, is_administrator),
    Action.ORGANISATIONS_MANAGE: (is_administrator,),
    Action.PEOPLE_MANAGE: (is_administrator,),
    Action.PRODUCTS_MANAGE: (is_administrator,),
    Action.AUDIT_READ: (is_administrator,),
    Action.STAFF_PAGES: (is_staff,),
    Action.HEALTH_READ: (is_staff,),
    Action.SEARCH_REPORT_READ: (is_staff,),
    Action.OUTBOX_MANAGE: (is_administrator,),
    Action.DELIVERIES_MANAGE: (is_administrator,),
}


def allows(viewer: Viewer, action: Action, subject: Any = None) -> bool:
    """True if any rule of the action's row admits the viewer for `subject`."""
    return any(rule(viewer, subject) for rule in RULES.get(action, ()))


def require(viewer: Viewer, action: Action, subject: Any = None) -> None:
    """Raise Forbidden unless `allows`."""
    if not allows(viewer, action, subject):
        raise Forbidden
