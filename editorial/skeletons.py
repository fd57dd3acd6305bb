"""What a new article begins with: headings per kind and language. The sections of a solution are those of KCS."""

from collections.abc import Mapping

from kb.models import Kind

_HEADINGS: Mapping[str, Mapping[Kind, tuple[str, ...]]] = {
    "en": {
        Kind.SOLUTION: ("Symptoms", "Environment", "Cause", "Resolution"),
        Kind.KNOWN_PROBLEM: ("Symptoms", "Environment", "Cause", "Workaround", "Status"),
        Kind.HOW_TO: ("Before you begin", "Steps", "Result"),
        Kind.REFERENCE: ("Overview", "Details", "See also"),
    },
    "it": {
        Kind.SOLUTION: ("Sintomi", "Ambiente", "Causa", "Risoluzione"),
        Kind.KNOWN_PROBLEM: ("Sintomi", "Ambiente", "Causa", "Soluzione alternativa", "Stato"),
        Kind.HOW_TO: ("Prima di iniziare", "Passaggi", "Risultato"),
        Kind.REFERENCE: ("Panoramica", "Dettagli", "Vedi anche"),
    },
}


def sections_of(kind: Kind, language: str) -> tuple[str, ...]:
    """The headings that an article of this kind begins with."""
    return _HEADINGS.get(language, _HEADINGS["en"])[kind]


def skeleton(kind: Kind, language: str) -> str:
    """Markdown with those headings and nothing under them."""
    return "\n\n\n".join(f"## {heading}" for heading in sections_of(kind, language)) + "\n\n"


def heading_in(language: str, heading: str) -> str | None:
    """What a standard heading of any kind and language is in `language`; None for words that are no such heading."""
    return _SAME.get((language, heading.casefold()))


_SAME = {
    (language, known.casefold()): said
    for language, kinds in _HEADINGS.items()
    for kind, names in kinds.items()
    for other in _HEADINGS.values()
    for known, said in zip(other[kind], names, strict=True)
}
