"""A small cast of documents, each with its part in the play, and the audiences of those who search them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from search_index.documents import DocumentText, Filters, Results, SearchDocument
from search_index.engine import SearchEngine, Sort
from search_index.query.parser import parse
from sportello.core.audience import EVERY_AUDIENCE, readable_keys
from sportello.core.types import Ref

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LADDER = ("xtreme", "premium", "elite")

ANONYMOUS = readable_keys(LADDER, plan=None)
ANNA = readable_keys(LADDER, plan="xtreme", products=["ledger"], organisation="mulino")
PIERO = readable_keys(LADDER, plan="premium", products=["ledger"], organisation="tramonto")
ELENA = readable_keys(LADDER, plan="elite", products=["ledger", "harbor"], organisation="aurora")
SARA = EVERY_AUDIENCE
EVERYBODY = {"anonymous": ANONYMOUS, "Anna": ANNA, "Piero": PIERO, "Elena": ELENA, "Sara": SARA}


def ref(key: str) -> Ref:
    return Ref("article", key)


def doc(key: str, audience: str, title: str, body: str = "", **more: Any) -> SearchDocument:
    """An English document; `it=(title, body)` adds the Italian one, `days` says how long ago it was updated."""
    texts = {"en": DocumentText(title, body, headings=more.pop("headings", ""), keywords=more.pop("keywords", ""))}
    if italian := more.pop("it", None):
        texts["it"] = DocumentText(*italian)
    if more.pop("only_italian", False):
        texts.pop("en")
    updated = NOW - timedelta(days=more.pop("days", 10))
    kind = more.pop("kind", "solution")
    return SearchDocument(ref=ref(key), audience=audience, kind=kind, texts=texts, updated=updated, **more)


CAST = [
    doc("rounding", "public", "Rounding differs by one cent on invoices",
        "The rounding of tax lines is applied to each line of the invoice. Error LDG_15.1 or ORA-00942 may follow.",
        products=("ledger",), versions=("ledger 15.1", "ledger 15.0"), tags=("VAT", "invoicing"),
        it=("L'arrotondamento differisce sulle fatture",
            "L'arrotondamento delle righe dell'IVA si applica a ogni riga della fattura."),
        votes=12, helpful=0.8, verified=True),
    doc("pallet", "public", "Splitting a pallet in two",
        "A pallet can be split while it is in the dock. The message KB815174 names the carrier.",
        products=("harbor",), versions=("harbor 4.2",), kind="how-to", tags=("pallet",), days=40, votes=3,
        helpful=0.4),
    doc("backup", "xtreme", "Restore a backup after a failed upgrade",
        "Stop the service, run C:\\Ledger\\bin\\restore.exe and wait. The code 0x80070005 means access denied.",
        products=("ledger",), versions=("ledger 15.1",), headings="Symptoms\nCause\nResolution", days=400),
    doc("closing", "premium", "Year-end closing posted twice",
        "The closing entries of the year are posted twice when two people press the button. Invoice totals"
        " are not touched. The quasar job repairs them.",
        products=("ledger",), versions=("ledger 15.0",), kind="known-problem", days=5, votes=30, helpful=0.9),
    doc("narrow", "premium@ledger", "Invoice templates of the Ledger kit",
        "Only licensees read of the zephyr template.", products=("ledger",), kind="reference", days=20),
    doc("elite", "elite", "Direct line to engineering", "Call the obsidian number for invoice outages.", days=3),
    doc("mulino", "org:mulino", "Agreement of the Mulino company", "The umbrella invoice schedule of Mulino."),
    doc("staff", "staff", "Internal: invoice escalation", "The marzipan procedure is for staff only.", days=1),
    doc("italian", "public", "", only_italian=True, kind="how-to", days=15,
        it=("Chiusura dell'esercizio contabile",
            "Come chiudere l'esercizio: le scritture di chiusura e la riapertura dei conti. Perché è importante.")),
]  # fmt: skip


def ask(engine: SearchEngine, text: str, who: frozenset[str] = SARA, **more: Any) -> Results:
    """Search as the service does: parsed text, its own filters unless others are given."""
    query = parse(text)
    arguments: dict[str, Any] = {
        "language": "en",
        "filters": query.filters,
        "masked": (),
        "sort": Sort.RELEVANCE,
        "facet_budget_ms": 60_000,
    }
    return engine.search(query, audiences=who, **(arguments | more))


def keys(results: Results) -> list[str]:
    return [hit.ref.key for hit in results.hits]


def only(**more: Any) -> Filters:
    return Filters(**{name: frozenset(value) for name, value in more.items()})
