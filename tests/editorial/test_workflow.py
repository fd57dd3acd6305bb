"""From the first word to the readers: drafts, staged changes, review, publication."""

from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from editorial import queries, services
from editorial.models import State
from editorial.services import ArticleForm, EditConflict, Settings
from editorial.skeletons import skeleton
from kb.models import Kind, Significance
from kb.queries import get_article, read_article, read_markdown
from kb.services import ensure_category, unpublish
from search_index import mask
from sportello.core import clock
from sportello.core.errors import Conflict, Invalid, NotFound
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from tests.editorial.writing import begin, save, state_of, typed, viewer
from tests.kb.articles import SYSTEM, write
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


def test_every_kind_has_a_skeleton_in_every_language() -> None:
    for kind in Kind:
        texts = {skeleton(kind, language) for language in ("en", "it")}
        assert len(texts) == 2
        assert all(text.startswith("## ") for text in texts)


def test_a_typo_tells_nobody_and_a_normal_change_does(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    with time_machine.travel("2026-01-10T10:00:00Z", tick=False):
        slug = write(session, "Live", markdown="Teh words").slug
    before = read_article(session, sara, slug).updated_at
    save(session, sara, slug, markdown="The words", significance=Significance.TYPO)
    assert services.publish_change(session, sara, slug, ladder=LADDER).updated_at == before
    assert read_markdown(session, viewer(None), slug)[1] == "The words"
    save(session, sara, slug, markdown="The words, and more", significance=Significance.MAJOR)
    change = save(session, sara, slug, markdown="The words, and more.", significance=Significance.TYPO)
    assert change.significance == Significance.MAJOR  # a change weighs as much as its weightiest revision
    published = services.publish_change(session, sara, slug, ladder=LADDER)
    assert published.updated_at == published.article.updated_at > before
    rows = [row for row in session.scalars(select(OutboxRow)) if row.payload.get("key") == published.article.key]
    changed = [row for row in rows if row.name == "ArticleChanged"]
    assert len(changed) == 3  # written, and search hears of both publications
    told = [row.payload["significance"] for row in rows if row.name == "ArticlePublished"]
    assert told == [Significance.TYPO, Significance.MAJOR]


def test_mending_a_typo_or_translating_verifies_nothing(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    with time_machine.travel("2026-01-10T10:00:00Z", tick=False):
        source = write(session, "Live", markdown="Teh words", confidence="validated", verified_at=clock.now())
    before = source.article.verified_at
    assert before is not None
    save(session, sara, source.slug, markdown="The words", significance=Significance.TYPO)
    services.publish_change(session, sara, source.slug, ladder=LADDER)
    italian = services.start_translation(session, sara, source.slug, "it", title="Dal vivo")
    services.publish_change(session, sara, italian.slug, ladder=LADDER)
    assert source.article.verified_at == before
    save(session, sara, source.slug, markdown="The words, and more")
    services.publish_change(session, sara, source.slug, ladder=LADDER)
    assert source.article.verified_at is not None
    assert source.article.verified_at > before  # an editor has looked at what it says now


def test_publishing_applies_every_setting_and_narrowing_hides_at_once(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    ensure_category(session, SYSTEM, "invoicing")
    slug = write(session, "Live", "public", products=("ledger",)).slug
    wanted: dict[str, Any] = {
        "audience": "premium@ledger", "kind": "how-to", "products": ("ledger", "harbor"), "tags": ("vat", "tax"),
        "versions": ("ledger 15.1", "harbor 4.2"), "category": "invoicing", "codes": ("LDG-4102",), "verify_days": 30,
        "critical": "Close it at once.", "confidence": "not-validated", "owner": "ada@admin.example",
    }  # fmt: skip
    save(session, sara, slug, markdown="Words", summary="In short", **wanted)
    before = get_article(session, viewer(None), slug)
    assert (before.article.audience, before.summary) == ("public", "About Live.")
    article = services.publish_change(session, sara, slug, ladder=LADDER).article
    session.flush()
    copy = services.open_copy(session, sara, slug)
    now = ArticleForm.from_fields(copy.fields)
    assert now.settings.differing(Settings(**wanted)) == ()
    assert now.summary == "In short"
    assert article.owner_id == cast.ada.id
    assert article.verify_due_at is not None
    assert mask.masked_refs(session) == {Ref("article", article.key)}
    with pytest.raises(NotFound):
        read_article(session, viewer(cast.anna), slug)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("title", " "), ("title", "x" * 301), ("markdown", "x" * (256 * 1024 + 1)), ("summary", "x" * 501),
        ("audience", "gold"), ("kind", "novel"), ("confidence", "sure"), ("verify_days", 0), ("category", "nowhere"),
        ("products", ("nothing",)), ("owner", "anna@xtreme.example"), ("owner", "nobody@nowhere.example"),
        ("tags", ("x" * 81,)), ("title", "half \ud800"), ("critical", "x" * 2001),
        *((name, tuple(str(number) for number in range(501))) for name in ("tags", "codes", "products", "versions")),
    ],
)  # fmt: skip
def test_what_no_article_may_be_is_refused_at_its_field(
    session: Session, cast: Cast, field: str, wrong: object
) -> None:
    sara = viewer(cast.sara)
    slug = begin(session, sara).slug
    with pytest.raises(Invalid) as caught:
        save(session, sara, slug, **{field: wrong})
    assert caught.value.field in (field, None, "markdown")
    assert len(queries.history(session, sara, slug)) == 1


def test_discarding_gives_a_text_that_was_taken_back_its_last_words(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    slug = write(session, "Live", markdown="Read by all").slug
    unpublish(session, SYSTEM, slug)
    save(session, sara, slug, markdown="Not good", title="Bad title")
    assert read_markdown(session, sara, slug) == ("Bad title", "Not good")
    services.discard_change(session, sara, slug)
    session.flush()
    assert read_markdown(session, sara, slug) == ("Live", "Read by all")
    services.publish_change(session, sara, slug, ladder=LADDER)
    assert read_markdown(session, viewer(None), slug)[1] == "Read by all"


def test_an_old_revision_comes_back_as_a_new_one_with_the_settings_of_today(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    slug = write(session, "First", "public", markdown="First words").slug
    save(session, sara, slug, title="Second", markdown="Second words", audience="premium")
    services.publish_change(session, sara, slug, ladder=LADDER)
    change = services.restore_revision(session, sara, slug, 1, comment="As it was")
    assert change.comment == "As it was"
    assert [row.number for row in queries.history(session, sara, slug)] == [3, 2, 1]
    done = services.publish_change(session, sara, slug, ladder=LADDER)
    assert (done.title, done.article.audience) == ("First", "premium")
    assert queries.revision_at(session, sara, slug, 2).markdown == "Second words"
    with pytest.raises(NotFound):
        services.restore_revision(session, sara, slug, 9)


def test_another_language_begins_from_the_source_and_shares_its_settings_once_published(
    session: Session, cast: Cast
) -> None:
    sara = viewer(cast.sara)
    source = write(session, "Live", "premium", markdown="## Symptoms\n\nWords\n")
    made = services.start_translation(session, sara, source.slug, "it", title="Dal vivo")
    assert made.article.source_language == "en"
    assert made.revision is not None
    assert made.revision.source_revision_id == source.revision_id
    assert made.revision.markdown == "## Sintomi\n\nWords\n"
    with pytest.raises(NotFound):
        get_article(session, viewer(cast.piero), made.slug)
    with pytest.raises(Conflict):
        services.start_translation(session, sara, source.slug, "it")
    with pytest.raises(Invalid):
        services.start_translation(session, sara, source.slug, "de")
    words = {"markdown": "Parole", "critical": "Chiudere subito."}
    save(session, sara, made.slug, **words, source_revision_id=source.revision_id)
    done = services.publish_change(session, sara, made.slug, ladder=LADDER)
    assert (done.critical, done.article.critical, done.article.audience) == ("Chiudere subito.", None, "premium")
    other = write(session, "Elsewhere").revision_id
    with pytest.raises(NotFound):
        save(session, sara, made.slug, markdown="Altro", source_revision_id=other)
