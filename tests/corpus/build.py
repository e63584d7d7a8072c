"""Writes the files of the corpus: ``python -m tests.corpus.build``. The same bytes every time, so they are committed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from tests.corpus.themes import (
    compression,
    delimiters,
    encodings,
    headers,
    manifests,
    names,
    pgp,
    quotes,
    sets,
    values,
)

FOLDER: Final = Path(__file__).with_name("files")
THEMES: Final[Mapping[str, Mapping[str, bytes]]] = {
    "encodings": encodings.FILES,
    "quotes": quotes.FILES,
    "delimiters": delimiters.FILES,
    "headers": headers.FILES,
    "compression": compression.FILES,
    "pgp": pgp.FILES,
    "manifests": manifests.FILES,
    "sets": sets.FILES,
    "dates": values.DATES,
    "numbers": values.NUMBERS,
    "emails": values.EMAILS,
    "words": values.WORDS,
    "lengths": values.LENGTHS,
    "sizes": values.SIZES,
    "injection": values.INJECTION,
    "names": names.FILES,
}


def corpus() -> dict[str, bytes]:
    """Content by path below :data:`FOLDER`."""
    return {f"{theme}/{name}": content for theme, files in THEMES.items() for name, content in files.items()}


def stored() -> dict[str, bytes]:
    """What is committed."""
    return {
        path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.rglob("*")) if path.is_file()
    }


@click.command()
def main() -> None:
    """Write the corpus anew; files that it no longer has are removed."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    wanted = corpus()
    for name, content in wanted.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    size = sum(map(len, wanted.values()))
    click.echo(f"{len(wanted)} files, {size:,} bytes in {FOLDER.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
