"""What the writing side tells."""
