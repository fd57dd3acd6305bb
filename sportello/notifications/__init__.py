"""Being told: what people follow, what happened to it, and how each of them hears of it.

Features announce what happened (`services.announce`); they register their event types, what can be followed and what
a digest may hold (`registry`). Nothing here knows a feature, and no feature keeps subscriptions of its own.
"""
