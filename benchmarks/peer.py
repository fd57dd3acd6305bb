"""The peer that the search benchmarks measure against: one plain Whoosh index, with Whoosh's own codec.

The same schema and terms as the engine's, an audience field for `filter=`, and the stored body for highlights.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whoosh import fields, highlight, index, query
from whoosh.analysis import StemmingAnalyzer

from search_index import analysis
from search_index.documents import LANGUAGES, SearchDocument
from search_index.query.tree import Query
from search_index.whoosh_engine.layout import exact_field, stem_field, title_field
from search_index.whoosh_engine.matching import LanguageMatcher
from search_index.whoosh_engine.plan import plan
from search_index.whoosh_engine.schema import schema
from search_index.whoosh_engine.tuning import DEFAULT

ANALYZER = StemmingAnalyzer()


def write(folder: Path, documents: Iterable[SearchDocument], *, stored: bool = True) -> Any:
    """Index the documents with Whoosh alone; returns the open index. `stored`: keep bodies for highlights."""
    whole = schema()
    whole.add("audience", fields.ID())
    whole.add("body", fields.STORED())
    made = index.create_in(str(folder), whole)
    writer = made.writer(limitmb=512)
    for document in documents:
        values: dict[str, Any] = {"ref": str(document.ref), "audience": document.audience}
        for language, text in document.texts.items():
            for name in (stem_field(language), exact_field(language), title_field(language)):
                values[name] = text
            if stored:
                values["body"] = text.body
        writer.add_document(**values)
    writer.commit(optimize=True)
    return index.open_dir(str(folder))


def compile_query(asked: Query, matchers: list[LanguageMatcher]) -> tuple[query.Query, frozenset[str]]:
    """The engine's own plan of a query (same words, same choice of the rarest) as a Whoosh query; and its stems."""
    concepts = plan(asked, "en", matchers, DEFAULT)
    words = [word for concept in concepts if (word := concept.word)]
    words += [word for concept in concepts if not concept.word for token in analysis.query_words(_text(concept.node))
              for word in token]  # fmt: skip
    parts = []
    for word in words:
        terms = [query.Term(exact_field(language), word.encode()) for language in LANGUAGES]
        terms += [query.Term(stem_field(language), analysis.stem(word, language).encode()) for language in LANGUAGES]
        parts.append(query.Or(terms))
    return query.Or(parts), frozenset(analysis.stem(word, "en") for word in words)


def _text(node: Any) -> str:
    return getattr(node, "text", "") or " ".join(getattr(node, "words", ()))


def ask(searcher: Any, compiled: query.Query, stems: frozenset[str], audiences: Iterable[str]) -> int:
    """Search with `filter=`, limit 10, the exact number of results, and two highlighted fragments of each hit."""
    allowed = query.Or([query.Term("audience", key) for key in sorted(audiences)])
    results = searcher.search(compiled, limit=10, filter=allowed)
    fragmenter, formatter = highlight.ContextFragmenter(), highlight.HtmlFormatter()
    for hit in results:
        highlight.highlight(hit.get("body", ""), stems, ANALYZER, fragmenter, formatter, top=2)
    return len(results)
