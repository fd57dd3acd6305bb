"""From the first word to the readers: drafts, staged changes, review, publication."""

import pytest
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import State, Verdict
from editorial.services import EditConflict
from kb.queries import get_article, read_article, read_markdown
from sportello.core.errors import Conflict, Forbidden, Invalid, NotFound
from tests.editorial.writing import begin, make_agent, save, state_of, typed, viewer
from tests.kb.articles import write
from tests.people import LADDER, Cast


def test_a_new_article_begins_with_the_sections_of_its_kind_and_nobody_but_writers_sees_it(
    session: Session, cast: Cast
) -> None:
    sara = viewer(cast.sara)
    begun = begin(session, sara, "Totale errato", language="it", markdown=None, products=("ledger",))
    _title, text = read_markdown(session, sara, begun.slug)
    assert [line for line in text.split("\n") if line] == ["## Sintomi", "## Ambiente", "## Causa", "## Risoluzione"]
    assert begun.article.audience == "staff"
    assert begun.article.owner_id == cast.sara.id
    assert begun.article.source_language == "it"
    assert state_of(session, sara, begun.slug) == State.DRAFT
    for other in ("piero", "anonymous"):
        with pytest.raises(NotFound):
            get_article(session, viewer(cast.people.get(other)), begun.slug)


def test_readers_keep_the_old_text_until_the_staged_one_is_published(session: Session, cast: Cast) -> None:
    sara, piero = viewer(cast.sara), viewer(cast.piero)
    slug = write(session, "Live", "premium", markdown="Old words").slug
    save(session, sara, slug, title="Live now", markdown="New words", tags=("vat",))
    assert read_markdown(session, piero, slug) == ("Live", "Old words")
    assert read_article(session, sara, slug).title == "Live"
    services.publish_change(session, sara, slug, ladder=LADDER)
    assert read_markdown(session, piero, slug) == ("Live now", "New words")
    article = get_article(session, sara, slug)
    assert [row.tag for row in article.article.tags] == ["vat"]
    assert article.slug == slug
    assert queries.open_change(session, sara, slug) is None
    assert [row.is_current for row in queries.history(session, sara, slug)] == [True, False]


def test_a_second_editor_is_shown_a_merge_and_nothing_is_overwritten(session: Session, cast: Cast) -> None:
    sara, ada = viewer(cast.sara), viewer(cast.ada)
    slug = write(session, "Shared", markdown="one\ntwo\nthree\nfour\nfive").slug
    first = services.open_copy(session, sara, slug)
    base = first.base_revision_id
    mine = typed(session, sara, slug, markdown="one\ntwo\nthree\nfour\nFIVE", tags=("a",))
    save(session, ada, slug, markdown="ONE\ntwo\nthree\nfour\nfive", tags=("b",))
    with pytest.raises(EditConflict) as caught:
        services.save_change(session, sara, slug, mine, base_revision_id=base, ladder=LADDER)
    conflict = caught.value
    assert conflict.merge.conflicts == ()
    assert conflict.merged.markdown == "ONE\ntwo\nthree\nfour\nFIVE"
    assert set(conflict.merged.settings.tags) == {"a", "b"}
    change = services.save_change(
        session, sara, slug, conflict.merged, base_revision_id=conflict.head_id, ladder=LADDER
    )
    newest = queries.history(session, sara, slug)[0]
    assert newest.id == change.revision_id
    assert newest.number == 3


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
