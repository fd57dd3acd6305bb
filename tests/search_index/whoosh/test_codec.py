"""The packed segments hold what Whoosh itself would index, and Whoosh can read them."""

import time
from pathlib import Path
from typing import Any

import pytest
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.index import FileIndex
from whoosh.query import And, Term
from whoosh.searching import Searcher

from search_index.documents import SearchDocument
from search_index.whoosh_engine import WhooshEngine
from search_index.whoosh_engine import manifest as manifests
from search_index.whoosh_engine.layout import TEXT_FIELDS, exact_field, stem_field, title_field
from search_index.whoosh_engine.schema import schema
from tests.search_index.contract.cast import CAST, ask, doc

PUBLIC = [document for document in CAST if document.audience == "public"]


@pytest.fixture
def packed(tmp_path: Path) -> Any:
    """Whoosh's reader over the public partition."""
    engine = WhooshEngine(tmp_path)
    engine.rebuild(CAST)
    published = manifests.read(tmp_path)
    assert published is not None
    folder = manifests.partition_folder(tmp_path, published.generation, "public")
    return FileIndex(FileStorage(str(folder)), schema()).reader()


@pytest.fixture
def plain() -> Any:
    """The same documents through Whoosh's own writer and codec."""
    index = FileIndex.create(RamStorage(), schema(), "MAIN")
    writer = index.writer()
    for document in PUBLIC:
        writer.add_document(ref=str(document.ref), **_fields(document))
    writer.commit()
    return index.reader()


def _fields(document: SearchDocument) -> dict[str, Any]:
    return {
        name: text
        for language, text in document.texts.items()
        for name in (stem_field(language), exact_field(language), title_field(language))
    }


def _refs(reader: Any) -> dict[int, str]:
    return {number: fields["ref"] for number, fields in reader.iter_docs()}


def test_the_builder_writes_the_postings_that_whoosh_would(packed: Any, plain: Any) -> None:
    ours, theirs = _refs(packed), _refs(plain)
    for field in TEXT_FIELDS:
        words = sorted(text for name, text in plain.all_terms() if name == field)
        assert words
        assert sorted(text for name, text in packed.all_terms() if name == field) == words
        for word in words:
            expected = {(theirs[m.id()], round(m.weight(), 3)) for m in _each(plain.postings(field, word))}
            assert {(ours[m.id()], round(m.weight(), 3)) for m in _each(packed.postings(field, word))} == expected


def _each(matcher: Any) -> Any:
    while matcher.is_active():
        yield matcher
        matcher.next()


def test_whooshs_own_searcher_finds_in_it(packed: Any) -> None:
    results = Searcher(packed).search(And([Term("en_exact", b"invoice"), Term("en", b"round")]))
    assert [hit["ref"] for hit in results] == ["article:rounding"]


def test_whooshs_reader_expands_prefixes(packed: Any) -> None:
    assert list(packed.expand_prefix("en_exact", "pall")) == [b"pallet"]


def test_phrases_of_common_words_are_quick(tmp_path: Path) -> None:
    """The commonest words have the longest posting lists: a phrase of them must not sort those."""
    engine = WhooshEngine(tmp_path)
    engine.rebuild(doc(f"d{number:04}", "public", "Title", "to the of and to the in " * 200) for number in range(300))
    started = time.perf_counter()
    assert ask(engine, '"the of and to" "to the in" "and to the"').total == 300
    assert time.perf_counter() - started < 5
