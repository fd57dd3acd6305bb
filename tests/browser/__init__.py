"""A real browser on a real server: the pages as people meet them."""
