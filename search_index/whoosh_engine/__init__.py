"""The embedded search engine: Whoosh indexes, one per audience key, with segments of packed arrays."""

from search_index.whoosh_engine.engine import WhooshEngine
from search_index.whoosh_engine.writer import WriterBusy

__all__ = ["WhooshEngine", "WriterBusy"]
