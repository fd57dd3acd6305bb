"""Review: handing in, comments on lines, decisions, and what becomes of what was rejected."""

import pytest
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import State, Verdict
from editorial.queries.duties import to_review
from kb.models import Confidence
from kb.queries import get_article, moved_to, read_markdown
from kb.services import revise, unpublish
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from tests.editorial.writing import begin, make_agent, save, state_of, viewer
from tests.kb.articles import SYSTEM, write
from tests.people import LADDER, Cast


def test_approving_publishes_and_the_author_may_not(session: Session, cast: Cast) -> None:
    agent, sara = make_agent(session), viewer(cast.sara)
    slug = begin(session, agent, "Working title").slug
    change = save(session, agent, slug, title="A final title", audience="premium", confidence="validated")
    services.submit(session, agent, slug)
    with pytest.raises(Forbidden):
        services.decide(session, agent, change.key, Verdict.APPROVED)
    with pytest.raises(Invalid):
        services.decide(session, sara, change.key, Verdict.CHANGES_ASKED, " ")
    services.decide(session, sara, change.key, Verdict.CHANGES_ASKED, "Say which version.")
    assert state_of(session, agent, slug) == State.DRAFT
    services.submit(session, agent, slug)
    done = services.decide(session, sara, change.key, Verdict.APPROVED, revision_id=change.revision_id)
    assert done.state == State.PUBLISHED
    moved = get_article(session, viewer(cast.piero), queries.get_change(session, sara, change.key).translation.slug)
    assert moved.slug.startswith("a-final-title-")
    assert moved.article.verified_at is not None
    with pytest.raises(Conflict):
        services.decide(session, sara, change.key, Verdict.APPROVED)


def test_a_rejected_draft_can_be_taken_up_again_and_gets_its_final_address(session: Session, cast: Cast) -> None:
    agent, sara = make_agent(session), viewer(cast.sara)
    slug = begin(session, agent, "Working title").slug
    change = services.submit(session, agent, slug)
    services.decide(session, sara, change.key, Verdict.REJECTED, "We have this already.")
    assert state_of(session, agent, slug) == ""
    save(session, agent, slug, title="Another matter", audience="public")
    done = services.publish_change(session, sara, slug, ladder=LADDER)
    assert done.slug.startswith("another-matter-")
    assert moved_to(session, viewer(None), slug) == done.slug
    unpublish(session, SYSTEM, done.slug)
    save(session, sara, done.slug, title="A third name")
    assert services.publish_change(session, sara, done.slug, ladder=LADDER).slug == done.slug  # readers know it


def test_comments_stand_on_lines_that_exist_and_can_be_resolved(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    change = save(session, sara, write(session, "Live").slug, markdown="one\ntwo")
    note = services.add_note(session, sara, change.key, text="Which one?", line=2, quote="two")
    for wrong in ({"line": 3}, {"line": 0}, {"text": " "}, {"text": "x" * 4001}):
        with pytest.raises(Invalid):
            services.add_note(session, sara, change.key, **{"text": "Why?", "line": 1, **wrong})  # type: ignore[arg-type]
    services.resolve_note(session, sara, note.key)
    found = queries.notes_of(session, sara, change)
    assert [(row.text, author, bool(row.resolved_at)) for row, author in found] == [("Which one?", "Sara Test", True)]
    with pytest.raises(NotFound):
        services.resolve_note(session, sara, "no-such")


def test_a_reviewer_decides_on_what_they_have_read(session: Session, cast: Cast) -> None:
    agent, sara = make_agent(session), viewer(cast.sara)
    slug = write(session, "Live", markdown="Old").slug
    change = save(session, agent, slug, markdown="Good")
    read = change.revision_id
    services.submit(session, agent, slug)
    save(session, agent, slug, markdown="Slipped in")
    with pytest.raises(Conflict):
        services.decide(session, sara, change.key, Verdict.APPROVED, revision_id=read)
    assert read_markdown(session, viewer(None), slug)[1] == "Old"
    services.withdraw(session, agent, slug)
    with pytest.raises(Conflict):
        services.decide(session, sara, change.key, Verdict.APPROVED)


def test_whoever_wrote_some_of_it_stays_its_author_when_readers_get_another_text(session: Session, cast: Cast) -> None:
    agent, sara, ada = make_agent(session), viewer(cast.sara), viewer(cast.ada)
    slug = write(session, "Live", markdown="Old").slug
    change = save(session, agent, slug, markdown="Mine")
    save(session, sara, slug, markdown="Mine, and Sara's")
    revise(session, SYSTEM, slug, title="Live", markdown="Imported")
    base = get_article(session, sara, slug).revision_id
    save(session, agent, slug, base=base, markdown="Mine, and Sara's, and what was imported")
    services.submit(session, agent, slug)
    assert [row.key for row in to_review(session, ada).rows] == [change.key]
    assert not to_review(session, sara).rows
    with pytest.raises(Forbidden):
        services.decide(session, sara, change.key, Verdict.APPROVED)
    services.decide(session, ada, change.key, Verdict.APPROVED)


def test_what_was_taken_from_its_readers_is_opened_to_others_by_a_review_only(session: Session, cast: Cast) -> None:
    agent = make_agent(session)
    slug = write(session, "Live", "elite", markdown="For few").slug
    unpublish(session, SYSTEM, slug)
    save(session, agent, slug, audience="public", confidence=Confidence.NOT_VALIDATED)
    assert get_article(session, SYSTEM, slug).article.audience == "elite"
    with pytest.raises(Forbidden):
        services.publish_change(session, agent, slug, ladder=LADDER)
    change = services.submit(session, agent, slug)
    services.decide(session, viewer(cast.sara), change.key, Verdict.APPROVED)
    article = get_article(session, viewer(None), slug).article
    assert (article.audience, article.confidence) == ("public", Confidence.NOT_VALIDATED)
