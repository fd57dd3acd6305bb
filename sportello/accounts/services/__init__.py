"""What can be done with accounts: one function per verb. The caller owns the transaction."""
