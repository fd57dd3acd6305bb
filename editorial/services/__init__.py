"""What can be done on the writing side: one function per verb; the caller owns the transaction."""
