"""Flask helpers that every feature uses; no feature in here."""
