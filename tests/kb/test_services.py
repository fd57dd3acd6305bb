"""Creating, revising, publishing, narrowing and deleting articles."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import ArticleVote, Revision
from kb.queries import (
    get_article,
    languages_of,
    list_articles,
    moved_to,
    places_of,
    read_article,
    readable_slugs,
    tags_of,
)
from kb.services import (
    Draft,
    DraftText,
    change_audience,
    change_slug,
    create_or_update,
    delete_article,
    ensure_category,
    publish,
    revise,
    unpublish,
    vote,
)
from search_index import mask
from sportello.core.audience import anonymous
from sportello.core.errors import Forbidden, Invalid, NotFound
from sportello.core.outbox import OutboxRow
from sportello.core.types import Ref
from tests.kb.articles import LADDER, SYSTEM, customer, write
from tests.people import Cast

ANONYMOUS = anonymous()
PREMIUM = customer("premium", "ledger")
XTREME = customer("xtreme", "ledger")


def events(session: Session) -> list[str]:
    return [row.payload["key"] for row in session.scalars(select(OutboxRow)) if row.name == "ArticleChanged"]


def test_an_article_is_readable_by_its_audience_once_written(session: Session, cast: Cast) -> None:
    written = write(session, "Totals differ", "premium", products=("ledger",), versions=("15.0", "9.9"), tags=("vat",))
    assert written.slug.startswith("totals-differ-")
    found = read_article(session, PREMIUM, written.slug)
    (place,) = places_of(session, PREMIUM, [found.article.id])[found.article.id]
    assert (place.code, [name for _, name in place.versions]) == ("ledger", ["15.0"])
    assert tags_of(session, PREMIUM, found.article.id) == ["vat"]
    assert [part[0] for part in found.sections] == ["Symptoms", "Cause", "Resolution"]
    for viewer in (ANONYMOUS, XTREME):
        with pytest.raises(NotFound):
            read_article(session, viewer, written.slug)
        assert places_of(session, viewer, [found.article.id]) == {}
        assert tags_of(session, viewer, found.article.id) == []
    assert events(session) == [written.article.key]


def test_what_an_article_may_not_be_is_refused_with_a_reason(session: Session, cast: Cast) -> None:
    good = {"en": DraftText("Title", "Text")}
    bad = [
        Draft(texts={}),
        Draft(texts={"en": DraftText(" ", "Text")}),
        Draft(texts={"en": DraftText("x" * 301, "Text")}),
        Draft(texts={"de": DraftText("Titel", "Text")}),
        Draft(texts=good, tags=("x" * 81,)),
        Draft(texts=good, audience="gold"),
        Draft(texts=good, products=("nothing",)),
        Draft(texts=good, category="nowhere"),
        Draft(texts={"en": DraftText("Title", "x" * (256 * 1024 + 1))}),
    ]
    for draft in bad:
        with pytest.raises(Invalid):
            create_or_update(session, SYSTEM, draft, ladder=LADDER)
    with pytest.raises(Forbidden):
        create_or_update(session, PREMIUM, Draft(texts=good), ladder=LADDER)


def test_a_revision_keeps_the_former_text_and_the_address(session: Session, cast: Cast) -> None:
    written = write(session, "First title")
    revised = revise(session, SYSTEM, written.slug, title="Second title", markdown="New words")
    session.flush()
    assert revised.slug == written.slug
    statement = Revision.visible_to(SYSTEM, Revision.number, Revision.title).order_by(Revision.number)
    assert session.execute(statement).all() == [(1, "First title"), (2, "Second title")]
    assert revised.article.edited_here
    with pytest.raises(Forbidden):
        revise(session, PREMIUM, written.slug, title="Mine", markdown="")


def test_an_old_address_leads_to_the_new_one_for_those_who_may_read(session: Session, cast: Cast) -> None:
    written = write(session, "Address", "premium")
    old = written.slug
    new = change_slug(session, SYSTEM, old).slug
    session.flush()
    assert moved_to(session, PREMIUM, old) == new != old
    assert moved_to(session, XTREME, old) is None
    assert readable_slugs(session, PREMIUM, {old, new, "other"}) == {old, new}
    assert readable_slugs(session, XTREME, {old, new}) == set()


@pytest.mark.parametrize("act", ["narrow", "unpublish", "delete"])
def test_what_leaves_is_gone_at_once_and_hidden_from_search(session: Session, cast: Cast, act: str) -> None:
    written = write(session, "Leaving", "public", it="Partenza")
    slug, ref = written.slug, Ref("article", written.article.key)
    if act == "narrow":
        change_audience(session, SYSTEM, slug, "premium", ladder=LADDER)
    elif act == "unpublish":
        unpublish(session, SYSTEM, slug)
    else:
        delete_article(session, SYSTEM, slug)
    session.flush()
    with pytest.raises(NotFound):
        get_article(session, ANONYMOUS, slug)
    assert mask.masked_refs(session) == {ref}
    assert events(session).count(ref.key) == 2
    left = list_articles(session, ANONYMOUS).items
    assert [row.language for row in left] == (["it"] if act == "unpublish" else [])


def test_widening_hides_nothing(session: Session, cast: Cast) -> None:
    for before, after in (("staff", "premium"), ("premium", "public"), ("org:acme", "public")):
        written = write(session, "Wider", before)
        change_audience(session, SYSTEM, written.slug, after, ladder=LADDER)
    assert mask.masked_refs(session) == frozenset()


def test_an_unpublished_article_is_read_by_editors_and_can_be_published_again(session: Session, cast: Cast) -> None:
    written = write(session, "Back again")
    unpublish(session, SYSTEM, written.slug)
    session.flush()
    assert get_article(session, SYSTEM, written.slug)
    publish(session, SYSTEM, written.slug)
    session.flush()
    assert get_article(session, ANONYMOUS, written.slug)


def test_deleting_takes_revisions_addresses_and_votes_along(session: Session, cast: Cast) -> None:
    written = write(session, "Gone", it="Via")
    change_slug(session, SYSTEM, written.slug)
    session.flush()
    delete_article(session, SYSTEM, languages_of(session, SYSTEM, written.article_id)[0].slug)
    session.flush()
    assert session.scalars(Revision.visible_to(SYSTEM)).all() == []
    assert list_articles(session, SYSTEM).items == []


def test_a_vote_counts_once_a_person_and_can_change(session: Session, cast: Cast) -> None:
    slug = write(session, "Votes").slug
    anna, piero = (customer("xtreme", person_id=cast.anna.id), customer("premium", person_id=cast.piero.id))

    def counts() -> tuple[int, int]:
        session.flush()
        session.expire_all()
        article = read_article(session, SYSTEM, slug).article
        return article.votes_yes, article.votes_no

    vote(session, anna, slug, helpful=True)
    vote(session, anna, slug, helpful=True, comment="Thanks")
    assert counts() == (1, 0)
    vote(session, piero, slug, helpful=False)
    assert counts() == (1, 1)
    vote(session, anna, slug, helpful=False)
    assert counts() == (0, 2)
    assert sorted(row.comment for row in session.scalars(select(ArticleVote))) == ["", "Thanks"]
    with pytest.raises(Forbidden):
        vote(session, ANONYMOUS, slug, helpful=True)
    with pytest.raises(Invalid):
        vote(session, anna, slug, helpful=True, comment="x" * 2001)


def test_nobody_votes_on_what_they_may_not_read(session: Session, cast: Cast) -> None:
    written = write(session, "Elite only", "elite")
    with pytest.raises(NotFound):
        vote(session, customer("xtreme", person_id=cast.anna.id), written.slug, helpful=True)


def test_categories_are_made_once_and_renamed(session: Session, cast: Cast) -> None:
    ensure_category(session, SYSTEM, "invoicing-and-vat", parent="ledger-topics")
    again = ensure_category(session, SYSTEM, "invoicing-and-vat", {"en": "Invoicing", "it": "Fatture"})
    assert again.names == {"en": "Invoicing", "it": "Fatture"}
    assert again.parent_id is not None
    with pytest.raises(Forbidden):
        ensure_category(session, PREMIUM, "mine")
