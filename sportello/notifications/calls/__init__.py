"""Calls to systems of others: which addresses may be called, what proves who called, and the call itself."""
