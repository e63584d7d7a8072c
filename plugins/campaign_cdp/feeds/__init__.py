"""Feeds: one YAML file each, read into a frozen model, with errors that name file, line and key."""
