"""The few words that rendering itself puts into a text, per language."""

_WORDS = {
    "en": {
        "note": "Note",
        "tip": "Tip",
        "important": "Important",
        "warning": "Warning",
        "caution": "Caution",
        "critical": "Critical",
        "table": "Table",
        "done": "Done",
        "to-do": "To do",
        "back": "Back to the text",
    },
    "it": {
        "note": "Nota",
        "tip": "Suggerimento",
        "important": "Importante",
        "warning": "Avviso",
        "caution": "Attenzione",
        "critical": "Critico",
        "table": "Tabella",
        "done": "Fatto",
        "to-do": "Da fare",
        "back": "Torna al testo",
    },
}

KINDS = frozenset({"note", "tip", "important", "warning", "caution", "critical"})


def word(name: str, language: str) -> str:
    """The word of that name, in English when the language is not known."""
    return _WORDS.get(language[:2], _WORDS["en"])[name]
