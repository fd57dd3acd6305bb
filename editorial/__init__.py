"""The writing side of the knowledge base: drafts, review, publication, upkeep. `kb` is what readers see of it."""
