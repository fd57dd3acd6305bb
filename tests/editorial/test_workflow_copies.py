"""Nothing that somebody typed is lost: working copies, two people at once, two processes at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.form import ArticleForm
from editorial.services import EditConflict
from kb.queries import read_markdown
from kb.services import change_audience, revise
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Forbidden, Invalid, NotFound
from tests.editorial.writing import begin, save, typed, viewer
from tests.kb.articles import SYSTEM, write
from tests.people import LADDER, Cast


def test_what_was_typed_is_there_again_after_a_crash(database: Database, cast: Cast) -> None:
    sara = viewer(cast.sara)
    with database.write() as session:
        slug = write(session, "Live", markdown="Old").slug
        assert not services.open_copy(session, sara, slug).changed
    with database.write() as session:
        services.autosave(session, sara, slug, {"markdown": "Half a sen", "tags": "vat, ta"})
    with database.write() as session:
        copy = services.open_copy(session, sara, slug)
        form = ArticleForm.from_fields(copy.fields)
        assert copy.changed
        assert (form.title, form.markdown, form.settings.tags) == ("Live", "Half a sen", ("vat", "ta"))
        services.discard_copy(session, sara, slug)
        assert ArticleForm.from_fields(services.open_copy(session, sara, slug).fields).markdown == "Old"


def test_what_arrives_after_the_same_words_were_saved_is_no_change(session: Session, cast: Cast) -> None:
    """The last automatic save may overtake the button, or be overtaken by it."""
    sara = viewer(cast.sara)
    slug = write(session, "Live", markdown="Old").slug
    begun = services.Begun(services.view_copy(session, sara, slug).base_revision_id)
    newest = save(session, sara, slug, markdown="New").revision_id
    assert not services.autosave(session, sara, slug, {"markdown": "New"}, begun).changed
    copy = services.view_copy(session, sara, slug)
    assert (copy.base_revision_id, copy.changed) == (newest, False)
    copy = services.autosave(session, sara, slug, {"markdown": "Newer"}, begun)
    assert (copy.base_revision_id, copy.changed) == (begun.revision_id, True)


def test_a_working_copy_is_its_persons_own_and_customers_have_none(session: Session, cast: Cast) -> None:
    sara, ada, anna = viewer(cast.sara), viewer(cast.ada), viewer(cast.anna)
    slug = write(session, "Live", "public", markdown="Old").slug
    services.autosave(session, sara, slug, {"markdown": "Sara's"})
    assert ArticleForm.from_fields(services.open_copy(session, ada, slug).fields).markdown == "Old"
    for act in (services.open_copy, services.discard_copy, services.others_editing):
        with pytest.raises(Forbidden):
            act(session, anna, slug)
    with pytest.raises(NotFound):
        services.open_copy(session, anna, begin(session, sara).slug)
    with pytest.raises(Forbidden):
        services.open_copy(session, SYSTEM, slug)  # the site itself types nothing


def test_others_are_named_while_their_editor_is_open(session: Session, cast: Cast) -> None:
    sara, ada = viewer(cast.sara), viewer(cast.ada)
    slug = write(session, "Live").slug
    services.open_copy(session, ada, slug)
    assert services.others_editing(session, sara, slug) == ["Ada Test"]
    assert services.others_editing(session, ada, slug) == []
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert services.others_editing(session, sara, slug) == []


def test_an_untouched_copy_begins_anew_after_somebody_saved_and_a_touched_one_stays(
    session: Session, cast: Cast
) -> None:
    sara, ada = viewer(cast.sara), viewer(cast.ada)
    slug = write(session, "Live", markdown="Old").slug
    services.open_copy(session, sara, slug)
    first = save(session, ada, slug, markdown="Ada's").revision_id
    copy = services.open_copy(session, sara, slug)
    assert copy.base_revision_id == first
    services.autosave(session, sara, slug, {"markdown": "Sara's"})
    save(session, ada, slug, markdown="Ada's again")
    copy = services.open_copy(session, sara, slug)
    assert copy.base_revision_id == first
    assert ArticleForm.from_fields(copy.fields).markdown == "Sara's"


def test_of_two_saves_at_once_one_wins_and_the_other_is_shown_both(database: Database, cast: Cast) -> None:
    sara, ada = viewer(cast.sara), viewer(cast.ada)
    with database.write() as session:
        slug = write(session, "Live", markdown="one\ntwo").slug
        base = services.open_copy(session, sara, slug).base_revision_id
        form = typed(session, sara, slug)
    gate = threading.Barrier(2)

    def write_as(actor: Viewer) -> str:
        mine = ArticleForm(form.title, f"{actor.name}\ntwo", "", form.settings)
        gate.wait()
        try:
            with database.write() as session:
                services.save_change(session, actor, slug, mine, base_revision_id=base, ladder=LADDER)
        except EditConflict as conflict:
            return conflict.theirs.markdown
        return "won"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(write_as, (sara, ada)))
    with database.read() as session:
        newest, *older = queries.history(session, sara, slug)
        text = queries.revision_at(session, sara, slug, newest.number).markdown
    assert sorted(results) == sorted(["won", text])
    assert len(older) == 1


def test_a_direct_edit_under_a_staged_change_is_merged_before_anything_is_published(
    session: Session, cast: Cast
) -> None:
    sara = viewer(cast.sara)
    slug = write(session, "Live", markdown="one\ntwo\nthree").slug
    save(session, sara, slug, markdown="ONE\ntwo\nthree", tags=("vat",))
    revise(session, SYSTEM, slug, title="Live", markdown="one\ntwo\nTHREE")
    with pytest.raises(EditConflict) as caught:
        services.publish_change(session, sara, slug, ladder=LADDER)
    assert caught.value.merged.markdown == "ONE\ntwo\nTHREE"
    with pytest.raises(EditConflict) as caught:
        save(session, sara, slug, markdown="ONE!\ntwo\nthree")
    merged = caught.value.merged
    assert merged.markdown == "ONE!\ntwo\nTHREE"
    services.save_change(session, sara, slug, merged, base_revision_id=caught.value.head_id, ladder=LADDER)
    done = services.publish_change(session, sara, slug, ladder=LADDER)
    assert read_markdown(session, sara, slug)[1] == "ONE!\ntwo\nTHREE"
    assert [row.tag for row in done.article.tags] == ["vat"]  # staged before the direct edit


def test_a_text_with_undecided_places_is_not_saved(session: Session, cast: Cast) -> None:
    sara, ada = viewer(cast.sara), viewer(cast.ada)
    slug = write(session, "Live", markdown="one").slug
    base = services.open_copy(session, sara, slug).base_revision_id
    mine = typed(session, sara, slug, markdown="mine")
    save(session, ada, slug, markdown="theirs")
    with pytest.raises(EditConflict) as caught:
        services.save_change(session, sara, slug, mine, base_revision_id=base, ladder=LADDER)
    assert len(caught.value.merge.conflicts) == 1
    with pytest.raises(Invalid):
        services.save_change(
            session, sara, slug, caught.value.merged, base_revision_id=caught.value.head_id, ladder=LADDER
        )


def test_settings_that_somebody_changed_meanwhile_are_not_put_back(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    slug = write(session, "Live", "public", tags=("a",)).slug
    save(session, sara, slug, markdown="New", tags=("a", "b"))
    change_audience(session, SYSTEM, slug, "staff", ladder=LADDER)  # at once: something had to be hidden
    done = services.publish_change(session, sara, slug, ladder=LADDER)
    assert done.article.audience == "staff"
    assert [row.tag for row in done.article.tags] == ["a", "b"]
