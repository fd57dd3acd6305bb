"""Words that people use for the same thing when they ask for help. Single folded words, per language.

Small on purpose: words of every trade, whose readings agree in a support text. A match of another word of the group
counts somewhat less than the word itself.
"""

from search_index import analysis

GROUPS = {
    "en": (
        "email mail",
        "delete remove erase",
        "picture image photo",
        "spreadsheet worksheet",
        "folder directory",
        "login signin logon",
        "purchase buy",
        "begin start",
        "stop halt",
        "modify change edit",
        "hide conceal",
        "find locate",
        "crash freeze hang",
        "disable deactivate",
        "enable activate",
        "restore recover retrieve",
        "duplicate copy",
        "upgrade update",
        "web website site",
        "document doc",
        "cellphone mobile phone smartphone",
        "replace switch swap",
        "display show",
        "create make",
        "fix repair resolve solve",
        "error failure",
        "install setup",
        "message notification",
        "company organization organisation",
    ),
    "it": (
        "email mail posta",
        "eliminare cancellare rimuovere",
        "immagine foto",
        "cartella directory",
        "accesso login",
        "modificare cambiare",
        "ripristinare recuperare",
        "disattivare disabilitare",
        "attivare abilitare",
        "creare creazione",
        "errore guasto",
        "inviare spedire mandare",
        "file documento",
        "cellulare telefono smartphone",
    ),
}


def _by_stem(language: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in GROUPS[language]:
        words = group.split()
        for word in words:
            found[analysis.stem(word, language)] = tuple(other for other in words if other != word)
    return found


_BY_STEM = {language: _by_stem(language) for language in GROUPS}


def synonyms(word: str, language: str) -> tuple[str, ...]:
    """The other words of the group of a folded word."""
    return _BY_STEM[language].get(analysis.stem(word, language), ())
