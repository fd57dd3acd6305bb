"""What can be asked on the writing side."""
