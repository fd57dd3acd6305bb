"""What the index is told about articles, and what a hit shows to whom."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kb.indexing import source, wilson
from kb.services import change_audience, delete_article, ensure_category, unpublish
from search_index.documents import Filters
from sportello.core import clock
from sportello.core.audience import anonymous
from sportello.core.types import Ref
from tests.kb.articles import LADDER, SYSTEM, customer, write
from tests.people import Cast

NONE = Filters()


def test_a_document_holds_every_language_and_what_should_find_it(session: Session, cast: Cast) -> None:
    ensure_category(session, SYSTEM, "vat", {"en": "Value added tax", "it": "Imposta"})
    now = clock.now()
    row = write(
        session, "Totals differ", "premium", it="I totali", products=("ledger",), versions=("15.0", "15.1"),
        category="vat", tags=("rounding",), codes=("LDG-4102",), verified_at=now - timedelta(days=10), votes=(214, 17),
        updated_at=now - timedelta(days=6),
    )  # fmt: skip
    document = source.document(session, row.article.key)
    assert document is not None
    assert (document.ref, document.audience) == (Ref("article", row.article.key), "premium")
    assert (document.products, document.versions) == (("ledger",), ("ledger 15.0", "ledger 15.1"))
    assert (document.tags, document.category, document.verified) == (("rounding",), "vat", True)
    assert (document.votes, document.updated) == (214, now - timedelta(days=6))
    assert document.helpful == pytest.approx(0.8851, abs=1e-3)
    english, italian = document.texts["en"], document.texts["it"]
    assert english.title == "Totals differ"
    assert english.headings.split("\n") == ["Symptoms", "Cause", "Resolution"]
    assert "Change the rule." in english.body
    for word in ("LDG-4102", "rounding", "Ledger", "Value added tax", "About Totals differ."):
        assert word in english.keywords
    assert "Imposta" in italian.keywords


def test_verification_wears_off_after_a_year(session: Session, cast: Cast) -> None:
    old = write(session, "Old", verified_at=clock.now() - timedelta(days=366))
    never = write(session, "Never")
    documents = [source.document(session, row.article.key) for row in (old, never)]
    assert [document.verified for document in documents if document] == [False, False]


def test_wilson_trusts_many_votes_more_than_few() -> None:
    assert wilson(0, 0) == 0
    assert wilson(1, 0) == pytest.approx(0.2065, abs=1e-3)
    assert wilson(1, 0) < wilson(90, 10) < wilson(100, 0) < 1


def test_only_what_is_published_is_indexed(session: Session, cast: Cast) -> None:
    rows = [write(session, f"Article {number}", "staff" if number % 2 else "public") for number in range(5)]
    gone, deleted = rows[0].article.key, rows[1].article.key
    unpublish(session, SYSTEM, rows[0].slug)
    delete_article(session, SYSTEM, rows[1].slug)
    session.flush()
    keys = {document.ref.key for document in source.documents(session)}
    assert len(keys) == 3
    assert keys.isdisjoint({gone, deleted})
    assert source.document(session, gone) is None
    assert source.document(session, deleted) is None


def test_a_hit_is_shown_only_to_whom_may_read_it_now(session: Session, cast: Cast) -> None:
    row = write(session, "Premium text", "premium", it="Testo", products=("ledger",), versions=("15.1",))
    key = row.article.key
    premium = customer("premium")
    found = source.load(session, premium, {key: "en"}, "en")[key]
    assert (found.title, found.path, found.language) == ("Premium text", f"/kb/{row.slug}", "en")
    assert (found.products, found.versions) == (("Ledger",), ("15.1",))
    assert "Change the rule." in found.text
    assert source.load(session, premium, {key: "it"}, "en")[key].title == "Testo"
    assert source.load(session, premium, {key: "de"}, "it")[key].title == "Testo"
    assert source.load(session, customer("xtreme"), {key: "en"}, "en") == {}
    change_audience(session, SYSTEM, row.slug, "elite", ladder=LADDER)
    session.flush()
    assert source.load(session, premium, {key: "en"}, "en") == {}


def test_without_an_index_the_database_answers_for_the_same_people(session: Session, cast: Cast) -> None:
    write(session, "Rounding of totals", "public", products=("ledger",), tags=("vat",), it="Arrotondamento")
    write(session, "Rounding again", "premium", kind="how-to")
    write(session, "100% of something", "public", markdown="Nothing of the kind.")

    def titles(*words: str, viewer: object = anonymous(), filters: Filters = NONE) -> list[str]:
        found = source.fallback(session, viewer, words, filters=filters, language="en", limit=10)  # type: ignore[arg-type]
        return sorted(row.title for row in found)

    assert titles("rounding") == ["Rounding of totals"]
    assert titles("rounding", viewer=customer("premium")) == ["Rounding again", "Rounding of totals"]
    assert titles("ROUNDING", "change") == ["Rounding of totals"]
    assert titles("100%") == ["100% of something"]
    assert titles("%") == ["100% of something"]
    assert titles("arrotondamento") == []
    assert titles("arrotondamento", filters=Filters(languages=frozenset({"it"}))) == ["Arrotondamento"]
    assert titles("rounding", filters=Filters(products=frozenset({"harbor"}))) == []
    assert titles("rounding", filters=Filters(tags=frozenset({"vat"}))) == ["Rounding of totals"]
    assert titles("rounding", filters=Filters(kinds=frozenset({"how-to"})), viewer=customer("premium")) == [
        "Rounding again"
    ]
