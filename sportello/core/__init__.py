"""The shared kernel: no Flask, imported by everything, imports nobody."""
