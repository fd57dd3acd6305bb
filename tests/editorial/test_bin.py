"""The archive and the bin: gone for readers at once, and back exactly as it was."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from editorial import services
from editorial.queries import put_away
from editorial.queries.duties import draft_count
from editorial.services.shelf import purge_bin
from kb.models import ArchivedAddress, Article
from kb.queries import article_count, get_article, languages_of, list_articles, read_article
from kb.services import change_slug, unpublish
from search_index import mask
from sportello.core import clock
from sportello.core.audience import Viewer, anonymous
from sportello.core.errors import Conflict, Invalid, NotFound
from sportello.core.types import Ref
from tests.editorial.writing import begin, save, viewer
from tests.kb.articles import SYSTEM, write
from tests.people import LADDER, Cast

ANYBODY = anonymous()


def readable(session: Session, cast: Cast, slugs: list[str]) -> dict[str, set[str]]:
    """Who of the cast opens which of these addresses."""
    session.flush()
    found: dict[str, set[str]] = {}
    for name in ("anna", "piero", "elena", "ezio", "anonymous"):
        reader = viewer(cast.people.get(name))
        found[name] = {slug for slug in slugs if _opens(session, reader, slug)}
    return found


def _opens(session: Session, reader: Viewer, slug: str) -> bool:
    try:
        return bool(read_article(session, reader, slug))
    except NotFound:
        return False


def addresses(session: Session, reader: Viewer) -> set[str]:
    return set(session.scalars(ArchivedAddress.visible_to(reader, ArchivedAddress.slug)))


@pytest.mark.parametrize(("away", "back"), [("archive", "unarchive"), ("bin_article", "unbin")])
def test_who_could_read_it_before_can_read_it_again_and_nobody_else(
    session: Session, cast: Cast, away: str, back: str
) -> None:
    sara = viewer(cast.sara)
    english = write(session, "Both", "premium", it="Entrambi")
    italian = next(row.slug for row in languages_of(session, SYSTEM, english.article_id) if row.language == "it")
    unpublish(session, SYSTEM, italian)
    slugs = [english.slug, italian]
    before = readable(session, cast, slugs)
    published = get_article(session, SYSTEM, english.slug).published_at
    getattr(services, away)(session, sara, english.slug)
    assert not any(readable(session, cast, slugs).values())
    assert mask.masked_refs(session) == {Ref("article", english.article.key)}
    getattr(services, back)(session, sara, italian)
    assert readable(session, cast, slugs) == before
    assert before["piero"] == {english.slug}
    again = get_article(session, SYSTEM, english.slug)
    assert (again.published_at, again.article.published_at) == (published, published)


def test_binning_an_archived_article_and_back_leaves_it_archived(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    slug = write(session, "Old").slug
    services.archive(session, sara, slug)
    services.bin_article(session, sara, slug)
    assert addresses(session, ANYBODY) == set()
    with pytest.raises(Conflict):
        services.unarchive(session, sara, slug)
    services.unbin(session, sara, slug)
    assert addresses(session, ANYBODY) == {slug}
    assert [row.slug for row in put_away.archived(session, sara).rows] == [slug]
    services.unarchive(session, sara, slug)
    assert addresses(session, ANYBODY) == set()
    assert _opens(session, ANYBODY, slug)


def test_every_address_of_an_archived_article_says_so_to_its_readers_only(session: Session, cast: Cast) -> None:
    sara, anna, piero = viewer(cast.sara), viewer(cast.anna), viewer(cast.piero)
    old = write(session, "Old", "premium", it="Vecchio")
    former = old.slug
    slug = change_slug(session, SYSTEM, former).slug
    session.flush()
    draft = begin(session, sara, "Draft")
    services.archive(session, sara, slug, None)
    services.archive(session, sara, draft.slug, None)
    assert {former, slug} < addresses(session, piero)
    assert len(addresses(session, piero)) == 3
    assert addresses(session, anna) == set()
    assert draft.slug not in addresses(session, sara)  # readers never had it


def test_the_successor_is_another_article_that_is_published(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    old, new, draft = write(session, "Old").slug, write(session, "New"), begin(session, sara).slug
    for wrong in (old, draft, "nowhere-12345"):
        with pytest.raises(Invalid):
            services.archive(session, sara, old, wrong)
    article = services.archive(session, sara, old, f"https://support.example/kb/{new.slug}")
    assert article.successor_id == new.article_id
    with pytest.raises(Conflict):
        services.archive(session, sara, old, None)
    with pytest.raises(Conflict):
        save(session, sara, old, markdown="New words")


def test_after_thirty_days_the_bin_is_emptied_for_good(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    slug, kept = write(session, "Gone", it="Via").slug, write(session, "Kept").slug
    save(session, sara, slug, markdown="A staged change goes too")
    services.bin_article(session, sara, slug)
    services.bin_article(session, sara, kept)
    services.unbin(session, sara, kept)
    with time_machine.travel(clock.now() + timedelta(days=29)):
        assert purge_bin(session) == 0
        assert [row.slug for row in put_away.binned(session, sara).rows] == [slug]
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert purge_bin(session) == 1
    left = session.scalars(Article.visible_to(SYSTEM, Article.key)).all()
    assert left == [get_article(session, sara, kept).article.key]


def test_lists_counts_and_shelves_leave_out_what_is_not_published_also_for_writers(
    session: Session, cast: Cast
) -> None:
    sara = viewer(cast.sara)
    live = write(session, "Live", products=("ledger",), tags=("vat",)).slug
    begin(session, sara, "Draft", products=("ledger",))
    gone, binned = write(session, "Archived", tags=("vat",)).slug, write(session, "Binned", tags=("vat",)).slug
    services.archive(session, sara, gone)
    services.bin_article(session, sara, binned)
    session.flush()
    assert [card.slug for card in list_articles(session, sara).items] == [live]
    assert article_count(session, sara) == 1
    assert get_article(session, sara, gone).article.archived_at is not None
    assert draft_count(session, sara) == 1
    assert (put_away.archive_count(session, sara), put_away.bin_count(session, sara)) == (1, 1)


def test_publishing_an_archived_article_is_refused_with_a_reason(session: Session, cast: Cast) -> None:
    sara = viewer(cast.sara)
    slug = write(session, "Old").slug
    services.archive(session, sara, slug)
    with pytest.raises(Conflict):
        services.publish_change(session, sara, slug, ladder=LADDER)
