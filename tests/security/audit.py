"""Asks an advisory source which pinned versions have known weaknesses: ``make audit``.

Where none answers that is said, with the reason, and is no failure: a network that is absent says nothing about the
lock. A source that knows of no weakness in a release that is famous for them is not believed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import track

from tests.conftest import REPO
from tests.security.lock import LOCKS, requirements

#: Jinja2 2.4.1 of 2010 has half a dozen advisories.
_CANARY: Final = "jinja2==2.4.1\n"
#: Id of an advisory -> why it does not concern this project. Each needs a date to look again.
ACCEPTED: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Report:
    """What ``build/audit.json`` holds.

    :param skipped: why nothing was asked; ``None`` if it was.
    :param unknown: what the source does not know, so that nothing is said about it.
    """

    source: str
    skipped: str | None = None
    audited: int = 0
    unknown: list[str] = field(default_factory=list)
    weak: list[dict[str, Any]] = field(default_factory=list)

    @property
    def open(self) -> list[dict[str, Any]]:
        """Weaknesses that nobody has looked at."""
        return [one for one in self.weak if one["id"] not in ACCEPTED]


def audit(source: str, seconds: int) -> Report:
    """Ask about everything in the locks, after one question whose answer is known."""
    canary, why = _ask(_CANARY, source, seconds)
    if not any(one.get("vulns") for one in canary):
        return Report(source, skipped=why or f"{source} answers, but has no advisories, not even for {_CANARY.strip()}")
    found: list[dict[str, Any]] = []
    for lock in track(LOCKS, description="Asking", console=Console(stderr=True), transient=True):
        pins = [one.text for one in requirements(REPO / lock)]
        answers, why = _ask("\n".join(pins), source, seconds)
        if not answers:
            return Report(source, skipped=f"{source} broke off at {lock}: {why}")
        found += answers
    return _report(source, found)


def _report(source: str, found: list[dict[str, Any]]) -> Report:
    known = {(one["name"], one["version"]): one for one in found if "skip_reason" not in one}
    unknown = sorted({one["name"] for one in found if "skip_reason" in one})
    return Report(source, audited=len(known), unknown=unknown, weak=list(_weak(known.values())))


def _weak(found: Any) -> Iterator[dict[str, Any]]:
    for one in found:
        for advisory in one["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "none yet"
            yield {"package": f"{one['name']} {one['version']}", "id": advisory["id"], "fixed_in": fixed}


def _ask(pins: str, source: str, seconds: int) -> tuple[list[dict[str, Any]], str]:
    """Return pip-audit's answers, and the last line of what it complained about."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "requirements.txt"
        lock.write_text(pins)
        command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--no-deps", "--disable-pip", "-f", "json"]
        command += ["-s", source, "--progress-spinner", "off", "--timeout", str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)["dependencies"], ""
    except (ValueError, KeyError):
        words = done.stderr.strip().splitlines()
        return [], f"{source} does not answer: {words[-1][:300]}" if words else f"{source} does not answer"


@click.command()
@click.option("--source", type=click.Choice(["pypi", "osv"]), default="pypi", show_default=True, help="Whom to ask.")
@click.option("--timeout", default=15, show_default=True, help="Seconds per question.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(source: str, timeout: int, *, as_json: bool) -> None:
    """Ask which pinned versions have known weaknesses; exit 1 if any has. Writes build/audit.json."""
    report = audit(source, timeout)
    path = REPO / "build" / "audit.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(report) | {"accepted": ACCEPTED}, indent=2) + "\n")
    click.echo(path.read_text() if as_json else _words(report))
    sys.exit(1 if report.open else 0)


def _words(report: Report) -> str:
    if report.skipped:
        return f"Skipped: {report.skipped}. Nothing is known about the locks; run it where the source can be reached."
    lines = [f"{one['package']}: {one['id']}, fixed in {one['fixed_in']}" for one in report.open]
    unknown = f", {len(report.unknown)} unknown to it: {', '.join(report.unknown)}" if report.unknown else ""
    summary = f"{report.audited} releases asked of {report.source}, {len(report.open)} known weaknesses{unknown}"
    return "\n".join([*lines, summary])


if __name__ == "__main__":
    main()
