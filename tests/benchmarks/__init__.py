"""Measurements against real servers. Nothing here is a test: run them with ``make bench-import``."""
