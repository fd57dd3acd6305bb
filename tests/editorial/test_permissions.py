"""Who may do what on the writing side: the table of docs/architecture.md, tried on real articles."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import Verdict
from kb.models import Kind
from sportello.core import clock
from sportello.core.audience import Role, Viewer
from sportello.core.errors import Forbidden, Invalid, NotFound
from sportello.core.settings import Settings, SettingsError
from tests.editorial.writing import begin, make_agent, save, viewer
from tests.kb.articles import write
from tests.people import LADDER, Cast, make_person

WHO = ("anonymous", "customer", "moderator", "agent", "reviewer", "editor", "administrator")
Act = Callable[[Session, Viewer, "Desk"], Any]


class Desk:
    """A public article with a change of somebody else in review, and a draft begun by the person who tries."""

    def __init__(self, session: Session, actor: Viewer) -> None:
        author = make_agent(session, "autrice")
        self.live = write(session, "Live", "public", products=("ledger",)).slug
        self.change = save(session, author, self.live, markdown="Better words.").key
        services.submit(session, author, self.live)
        self.other = write(session, "Other", "public").slug
        self.actor = actor

    def own(self, session: Session, confidence: str) -> str:
        """A draft of the person's own."""
        slug = begin(session, self.actor, "Mine").slug
        save(session, self.actor, slug, confidence=confidence)
        return slug


def _begin(session: Session, actor: Viewer, desk: Desk) -> Any:
    return services.start_article(session, actor, kind=Kind.HOW_TO, language="en", title="New", ladder=LADDER)


def _approve(session: Session, actor: Viewer, desk: Desk) -> Any:
    return services.decide(session, actor, desk.change, Verdict.APPROVED)


def _publish(confidence: str) -> Act:
    def act(session: Session, actor: Viewer, desk: Desk) -> Any:
        return services.publish_change(session, actor, desk.own(session, confidence), ladder=LADDER)

    return act


def _publish_approved(session: Session, actor: Viewer, desk: Desk) -> Any:
    """An editor had planned it and then took the time away: approved, and nobody has published it."""
    editor = system_editor(session)
    slug = desk.own(session, "validated") if actor.writes else desk.live
    services.schedule(session, editor, slug, clock.now() + timedelta(days=1))
    services.schedule(session, editor, slug, None)
    return services.publish_change(session, actor, slug, ladder=LADDER, agents_publish="none")


def system_editor(session: Session) -> Viewer:
    """Another editor."""
    person = make_person(session, "edda", None, Role.EDITOR)
    session.flush()
    return viewer(person)


ACTS: dict[str, Act] = {
    "draft": _begin,
    "stage": lambda s, a, d: services.open_copy(s, a, d.live),
    "history": lambda s, a, d: queries.history(s, a, d.live),
    "note": lambda s, a, d: services.add_note(s, a, d.change, text="Why?", line=1),
    "approve": _approve,
    "publish not validated": _publish("not-validated"),
    "publish validated": _publish("validated"),
    "publish approved": _publish_approved,
    "publish in review": lambda s, a, d: services.publish_change(s, a, d.live, ladder=LADDER, agents_publish="none"),
    "unpublish at": lambda s, a, d: services.set_unpublish_at(s, a, d.live, None),
    "archive": lambda s, a, d: services.archive(s, a, d.other, None),
    "bin": lambda s, a, d: services.bin_article(s, a, d.other),
    "reviewers": lambda s, a, d: services.set_reviewers(s, a, "ledger", []),
}
WRITERS = {"draft", "stage", "history", "note"}
AGENTS = {"publish not validated", "publish approved"}
EDITORS = set(ACTS)
MAY: dict[str, set[str]] = {
    "anonymous": set(),
    "customer": set(),
    "moderator": set(),
    "agent": WRITERS | AGENTS,
    "reviewer": WRITERS | AGENTS | {"approve"},
    "editor": EDITORS,
    "administrator": EDITORS,
}


def somebody(session: Session, cast: Cast, who: str) -> Viewer:
    """Everybody of the table; the reviewer reviews Ledger."""
    if who in ("agent", "reviewer"):
        agent = make_agent(session, who)
        if who == "reviewer":
            services.set_reviewers(session, viewer(cast.sara), "ledger", ["reviewer@support.example"])
        return agent
    if who == "moderator":
        person = make_person(session, "mara", None, Role.MODERATOR)
        session.flush()
        return viewer(person)
    cast.sara.role_rows = [row for row in cast.sara.role_rows if row.role == Role.EDITOR]
    people = {"anonymous": None, "customer": cast.elena, "editor": cast.sara, "administrator": cast.ada}
    return viewer(people[who])


@pytest.mark.parametrize("who", WHO)
def test_everybody_may_do_exactly_what_the_table_says(session: Session, cast: Cast, who: str) -> None:
    actor = somebody(session, cast, who)
    desk = Desk(session, actor)
    for name, act in ACTS.items():
        session.expunge_all()
        with session.begin_nested() as attempt:
            try:
                act(session, actor, desk)
                allowed = True
            except (Forbidden, NotFound):
                allowed = False
            attempt.rollback()
        assert allowed == (name in MAY[who]), f"{who}: {name}"


@pytest.mark.parametrize(
    ("level", "allowed"),
    [("none", set()), ("work-in-progress", {"work-in-progress"}), ("validated", {"work-in-progress", "validated"})],
)
def test_agents_publish_up_to_the_confidence_that_the_setting_says(
    session: Session, cast: Cast, level: str, allowed: set[str]
) -> None:
    agent = make_agent(session)
    for confidence in ("work-in-progress", "validated"):
        slug = begin(session, agent, f"About {confidence}").slug
        save(session, agent, slug, confidence=confidence)
        if confidence in allowed:
            services.publish_change(session, agent, slug, ladder=LADDER, agents_publish=level)
        else:
            with pytest.raises(Forbidden):
                services.publish_change(session, agent, slug, ladder=LADDER, agents_publish=level)


def test_a_level_that_is_none_is_refused_at_the_start() -> None:
    from_env = {"SPORTELLO_ENVIRONMENT": "development", "SPORTELLO_AGENTS_PUBLISH": "everything"}
    with pytest.raises(SettingsError, match=r"SPORTELLO_AGENTS_PUBLISH.*work-in-progress"):
        Settings.from_env(from_env)
    assert Settings.from_env({**from_env, "SPORTELLO_AGENTS_PUBLISH": "none"}).agents_publish == "none"


def test_an_agent_does_not_replace_a_validated_article_by_calling_the_new_text_not_validated(
    session: Session, cast: Cast
) -> None:
    agent = make_agent(session)
    slug = write(session, "Validated").slug
    save(session, agent, slug, markdown="Hasty", confidence="work-in-progress")
    with pytest.raises(Forbidden):
        services.publish_change(session, agent, slug, ladder=LADDER)


def test_who_wrote_a_part_of_a_change_does_not_approve_it(session: Session, cast: Cast) -> None:
    agent, sara, ada = make_agent(session), viewer(cast.sara), viewer(cast.ada)
    slug = begin(session, agent).slug
    save(session, agent, slug, markdown="By the agent")
    change = save(session, sara, slug, markdown="By the agent and Sara")
    services.submit(session, agent, slug)
    with pytest.raises(Forbidden):
        services.decide(session, sara, change.key, Verdict.APPROVED)
    services.decide(session, ada, change.key, Verdict.APPROVED)


def test_a_reviewer_reviews_their_own_products_only(session: Session, cast: Cast) -> None:
    sara, agent, author = viewer(cast.sara), make_agent(session), make_agent(session, "autrice")
    services.set_reviewers(session, sara, "harbor", ["gino@support.example"])
    slug = write(session, "Ledger's", products=("ledger",)).slug
    change = save(session, author, slug, markdown="More", products=("ledger", "harbor"))
    services.submit(session, author, slug)
    with pytest.raises(Forbidden):
        services.decide(session, agent, change.key, Verdict.APPROVED)
    services.set_reviewers(session, sara, "ledger", ["gino@support.example"])
    services.decide(session, agent, change.key, Verdict.APPROVED)
    assert [one.code for one in queries.product_reviewers(session, sara) if one.people] == ["harbor", "ledger"]


def test_only_writers_can_be_made_reviewers_and_leaving_the_staff_ends_it(session: Session, cast: Cast) -> None:
    with pytest.raises(Invalid):
        services.set_reviewers(session, viewer(cast.sara), "ledger", [cast.anna.email])
    author, agent = make_agent(session, "autrice"), make_agent(session)
    services.set_reviewers(session, viewer(cast.sara), "ledger", ["gino@support.example"])
    slug = write(session, "Ledger's", products=("ledger",)).slug
    change = save(session, author, slug, markdown="More")
    services.submit(session, author, slug)
    former = Viewer(audiences=agent.audiences, person_id=agent.person_id, roles=frozenset({Role.MODERATOR}))
    with pytest.raises((Forbidden, NotFound)):
        services.decide(session, former, change.key, Verdict.APPROVED)
