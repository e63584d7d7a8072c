"""A hook of MkDocs: lists the pages of errors under *Errors*, so that a new code needs no line in ``mkdocs.yml``."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the index and the page of each code into the navigation."""
    folder = Path(config.docs_dir) / "errors"
    pages = ["errors/README.md", *(f"errors/{page.name}" for page in sorted(folder.glob("ACR-*.md")))]
    for section in config.nav or []:
        if "Errors" in section:
            section["Errors"] = pages
    return config
