"""What the demo's customers searched for and did not find, so that the list of gaps is not empty."""

import random
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from search_index.models import SearchLog
from sportello.core import clock
from sportello.core.types import Ref

SEED = 15
# query, language, searchers, results
MISSED = (
    ("delete rounding reason code", "en", 14, 0),
    ("cannot delete reason code ROUND", "en", 3, 0),
    ("split lot barcode 4.2 printer", "en", 11, 3),
    ("chiusura anno due sessioni", "it", 9, 0),
    ("planner calendar shared with supplier", "en", 6, 0),
    ("esportare registro iva in excel", "it", 5, 0),
    ("dark mode terminal", "en", 4, 0),
)
FOUND = (("invoice rounding", "en", 22), ("arrotondamento fattura", "it", 9), ("LDG-4102", "en", 12))


def load_searches(session: Session, ladder: tuple[str, ...], opened: Ref) -> bool:
    """Write the last weeks' searches into the counters database, once."""
    if session.scalar(select(func.count()).select_from(SearchLog)):
        return False
    chance = random.Random(SEED)
    for query, language, people, total in MISSED:
        session.add_all(_search(chance, query, language, ladder, total, None) for _ in range(people))
    for query, language, people in FOUND:
        session.add_all(_search(chance, query, language, ladder, 8, opened) for _ in range(people))
    return True


def _search(
    chance: random.Random, query: str, language: str, ladder: tuple[str, ...], total: int, opened: Ref | None
) -> SearchLog:
    asked = clock.now() - timedelta(days=chance.uniform(0.1, 6), minutes=chance.uniform(0, 600))
    return SearchLog(
        asked_at=asked, month=asked.strftime("%Y-%m"), actor=f"{chance.getrandbits(128):032x}", query=query,
        language=language, audience=chance.choice(("anonymous", *ladder)), total=total,
        clicked=1 if opened else None, opened=str(opened) if opened else None,
    )  # fmt: skip
