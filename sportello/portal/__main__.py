"""`python -m sportello.portal` is the `sportello` command."""

from sportello.portal.cli import main

main()
