"""What editors do about search: synonyms, pinned answers, and the list of what was searched in vain."""
