"""What can be done: follow, announce, read, send. One function a verb; the caller owns the transaction."""
