"""Synonyms that editors keep: what may be one, and that the next search of every process knows it."""

from collections.abc import Iterator, Sequence

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from search_index.editing import synonyms
from search_index.editing.book import open_book
from search_index.editing.expand import MAX_ALTERNATIVES, alternatives, expand
from search_index.memory_engine import MemoryEngine
from search_index.models import Synonym
from search_index.page import SearchRequest
from search_index.query.parser import parse
from search_index.service import SearchService
from sportello.accounts.models import AuditEntry
from sportello.core.audience import Role, Viewer
from sportello.core.db import Database
from sportello.core.errors import Forbidden, Invalid, NotFound
from tests.search_index.contract.cast import CAST, NOW
from tests.search_index.shelf import Shelf, viewer

EDITOR = Viewer(audiences=frozenset({"*"}), roles=frozenset({Role.EDITOR}), name="Sara")
AGENT = Viewer(audiences=frozenset({"*"}), roles=frozenset({Role.AGENT}), name="Gino")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(scope="module")
def service() -> SearchService:
    engine = MemoryEngine()
    engine.rebuild(CAST)
    return SearchService(engine, (Shelf.of(CAST),))


def found(service: SearchService, database: Database, text: str, who: str = "Sara") -> list[str]:
    with database.read() as session:
        page = service.search(session, viewer(who), SearchRequest(text))
        return [entry.row.slug for entry in page.entries]


def test_a_synonym_is_effective_with_the_next_search(service: SearchService, database: Database) -> None:
    assert found(service, database, "forklift") == []
    with database.write() as session:
        key = synonyms.add_synonym(session, EDITOR, "en", ["forklift", "pallet"]).key
    assert found(service, database, "forklift") == ["pallet"]
    with database.write() as session:
        synonyms.edit_synonym(session, EDITOR, key, "en", ["truck", "pallet"], one_way=False)
    assert found(service, database, "forklift") == []
    assert found(service, database, "trucks") == ["pallet"]
    with database.write() as session:
        removed = synonyms.remove_synonym(session, EDITOR, key)
    assert found(service, database, "truck") == []
    with database.write() as session:
        synonyms.add_synonym(session, EDITOR, removed["language"], removed["words"], one_way=removed["one_way"])
    assert found(service, database, "truck") == ["pallet"]


def test_changes_at_one_moment_of_the_clock_are_seen_too(service: SearchService, database: Database) -> None:
    with time_machine.travel(NOW, tick=False):
        with database.write() as session:
            key = synonyms.add_synonym(session, EDITOR, "en", ["forklift", "pallet"]).key
        assert found(service, database, "forklift") == ["pallet"]
        with database.write() as session:
            synonyms.edit_synonym(session, EDITOR, key, "en", ["forklift", "carrier pigeon"], one_way=True)
        assert found(service, database, "forklift") == []


def test_another_process_sees_the_change(service: SearchService, database: Database) -> None:
    """Another process has another engine of the same database, and so keeps a book of its own."""
    other = Database(str(database.engine.url.render_as_string(hide_password=False)))
    assert found(service, other, "forklift") == []
    with database.write() as session:
        synonyms.add_synonym(session, EDITOR, "en", ["forklift", "pallet"])
    assert found(service, other, "forklift") == ["pallet"]
    other.dispose()


def test_what_matched_is_marked(service: SearchService, database: Database) -> None:
    with database.write() as session:
        synonyms.add_synonym(session, EDITOR, "en", ["forklift", "pallet"])
    with database.read() as session:
        page = service.search(session, viewer("Sara"), SearchRequest("forklift"))
    assert str(page.entries[0].title) == "Splitting a <mark>pallet</mark> in two"
    assert page.query.raw == "forklift", "the address and the box show what was typed"


def test_the_index_in_repair_is_searched_as_typed(database: Database) -> None:
    with database.write() as session:
        synonyms.add_synonym(session, EDITOR, "en", ["forklift", "pallet"])
    broken = SearchService(MemoryEngine(), (Shelf.of(CAST),))
    assert found(broken, database, "pallet") == ["pallet"]
    assert found(broken, database, "forklift") == []


@pytest.mark.parametrize(
    ("words", "one_way", "says"),
    [
        (["invoice"], False, "at least two"),
        (["invoice", "  "], False, "at least two"),
        (["invoice", "Invoice"], False, "“invoice” stands there twice"),
        (["invoice", "invoices"], False, "“invoices” is “invoice” for search already"),
        (["pos", "point of sale at the till"], False, "at most 4 words"),
        (["pos", "x" * 61], False, "at most 60 characters"),
        (["the", "invoice"], False, "so common"),
        (['"pos"', "till"], False, "words only"),
        (["product:ledger", "till"], False, "words only"),
        ([f"word{number}" for number in range(13)], False, "At most 12"),
        (["colour", "hue"], False, "knows these synonyms already"),
        (["hue", "colour"], False, "knows these synonyms already"),
        (["colours", "hue"], True, "knows these synonyms already"),
        (["car", "vehicle"], True, "knows these synonyms already"),
        (["car", "vehicle"], False, "“car” finds “vehicle” one way already"),
        (["vehicle", "car"], True, "make that group two-way"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_why(
    session: Session, words: Sequence[str], one_way: bool, says: str
) -> None:
    synonyms.add_synonym(session, EDITOR, "en", ["colour", "hue"])
    synonyms.add_synonym(session, EDITOR, "en", ["car", "vehicle"], one_way=True)
    with pytest.raises(Invalid) as refused:
        synonyms.add_synonym(session, EDITOR, "en", words, one_way=one_way)
    assert says in str(refused.value)
    assert refused.value.field in ("words", "one_way")
    assert len(synonyms.all_synonyms(session)) == 2


def test_the_same_words_may_be_synonyms_in_another_language(session: Session) -> None:
    synonyms.add_synonym(session, EDITOR, "en", ["pos", "till"])
    synonyms.add_synonym(session, EDITOR, "it", ["pos", "till"])
    assert [row.language for row in synonyms.all_synonyms(session)] == ["en", "it"]
    with pytest.raises(Invalid):
        synonyms.add_synonym(session, EDITOR, "de", ["pos", "kasse"])


def test_a_group_may_grow_and_be_saved_unchanged(session: Session) -> None:
    row = synonyms.add_synonym(session, EDITOR, "en", ["pos", "till"])
    synonyms.edit_synonym(session, EDITOR, row.key, "en", ["pos", "till"], one_way=False)
    synonyms.edit_synonym(session, EDITOR, row.key, "en", ["POS", " till ", "point  of sale"], one_way=False)
    assert row.words == ["pos", "till", "point of sale"]


def test_only_editors_may_and_the_audit_log_tells(session: Session) -> None:
    with pytest.raises(Forbidden):
        synonyms.add_synonym(session, AGENT, "en", ["pos", "till"])
    with pytest.raises(Forbidden):
        synonyms.remove_synonym(session, viewer("Anna"), "whatever")
    with pytest.raises(NotFound):
        synonyms.remove_synonym(session, EDITOR, "absent")
    key = synonyms.add_synonym(session, EDITOR, "en", ["pos", "till"], one_way=True).key
    synonyms.remove_synonym(session, EDITOR, key)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.actor, entry.subject) for entry in entries] == [
        ("synonym.added", "Sara", "en: pos → till"),
        ("synonym.removed", "Sara", "en: pos → till"),
    ]


def test_a_query_takes_only_so_many_synonyms(session: Session) -> None:
    for number in range(20):
        words = [f"{letter}word{number}" for letter in "abcdefghijkl"]
        synonyms.add_synonym(session, EDITOR, "en", words)
    query = expand(parse(" ".join(f"aword{number}" for number in range(15))), open_book(session))
    assert len(list(alternatives(query))) == MAX_ALTERNATIVES


def test_groups_that_share_a_word_add_up(session: Session) -> None:
    synonyms.add_synonym(session, EDITOR, "en", ["pos", "till"])
    synonyms.add_synonym(session, EDITOR, "en", ["pos", "point of sale"], one_way=True)
    assert session.scalars(select(Synonym)).all()

    def others(text: str) -> list[str]:
        query = expand(parse(text), open_book(session))
        return [getattr(other.node, "text", None) or " ".join(other.node.words) for other in alternatives(query)]  # type: ignore[union-attr]

    assert others("pos") == ["till", "point of sale"]
    assert others("till") == ["pos"]
    assert others("point of sale") == []
