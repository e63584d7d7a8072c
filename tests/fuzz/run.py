"""``make fuzz``: the random tests, a hundred times longer than in the test suite, or for so many seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Final

import click

from tests.benchmarks.stage import CONSOLE
from tests.benchmarks.way import REPO
from tests.fuzz.effort import VARIABLE

_TESTS: Final = ("tests/fuzz", "tests/rows")
_ROUND: Final = 3


@click.command()
@click.option(
    "--factor", default=100, show_default=True, type=click.IntRange(1), help="Times the examples of the suite."
)
@click.option("--seconds", type=click.IntRange(1), help="Instead: round after round for about so long.")
@click.option("-k", "only", default="", help="Only tests whose names have this, as pytest takes it.")
@click.pass_context
def main(ctx: click.Context, factor: int, seconds: int | None, only: str) -> None:
    """Look for input that breaks a promise. Exit code 1: there is some; it is printed, and tried first from then on."""
    ends_at = time.monotonic() + (seconds or 0)
    number = 1
    while True:
        CONSOLE.print(f"Round {number}: {_ROUND if seconds else factor} times the examples of the test suite")
        if code := _round(_ROUND if seconds else factor, only):
            ctx.exit(code)
        number += 1
        if time.monotonic() >= ends_at:
            return


def _round(factor: int, only: str) -> int:
    """Every round draws anew. Tests that are not random are left out."""
    chosen = ["-m", "hypothesis", *(["-k", only] if only else [])]
    command = [sys.executable, "-m", "pytest", "-n", "2", "-q", "--timeout", "0", *chosen, *_TESTS]
    return subprocess.run(command, cwd=REPO, env={**os.environ, VARIABLE: str(factor)}, check=False).returncode


if __name__ == "__main__":
    main()
