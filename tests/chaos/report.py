"""The result of a run, for programs and for people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from tests.chaos.matrix import Row

HARMS = ("lost", "doubled", "stuck")


def result(rows: Sequence[Row], *, seed: int, started: str, seconds: float) -> dict[str, Any]:
    """What ``build/chaos.json`` holds."""
    killed = [row for row in rows if not row.disturbance and row.outcome != "missed"]
    kinds = sorted({row.disturbance for row in rows if row.disturbance})
    return {
        "seed": seed,
        "started": started,
        "seconds": round(seconds, 1),
        "totals": {"kills": len(killed), **harms(rows)},
        "disturbances": {kind: _disturbance([row for row in rows if row.disturbance == kind]) for kind in kinds},
        "rows": [row.to_json() for row in rows],
    }


def harms(rows: Sequence[Row]) -> dict[str, int]:
    return {name: sum(getattr(row, name) for row in rows) for name in HARMS}


def _disturbance(rows: Sequence[Row]) -> dict[str, Any]:
    done = [row for row in rows if row.outcome not in {"skipped", "missed"}]
    reasons = {row.detail for row in rows if row.outcome == "skipped"}
    return {"runs": len(done), **harms(rows), **({"skipped": sorted(reasons)} if reasons else {})}


def kill_table(rows: Sequence[Row]) -> Table:
    """Kills by task and storage; what did harm is red."""
    killed = [row for row in rows if not row.disturbance and row.outcome != "missed"]
    zones = sorted({row.zone for row in killed})
    cells: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in killed:
        cells[f"{row.direction} {row.task}", row.zone][row.outcome] += 1
    table = Table("task", *zones, title="Kills")
    for task in sorted({task for task, _ in cells}):
        table.add_row(task, *(_cell(cells[task, zone]) for zone in zones))
    return table


def disturbance_table(result: dict[str, Any]) -> Table:
    table = Table("disturbance", "runs", *HARMS, "skipped", title="Disturbances")
    for kind, found in result["disturbances"].items():
        numbers = [str(found[name]) for name in ("runs", *HARMS)]
        table.add_row(kind, *numbers, "; ".join(found.get("skipped", ())))
    return table


def _cell(counts: Counter[str]) -> str:
    harmed = f" [red]{counts['harmed']} harmed[/red]" if counts["harmed"] else ""
    return f"{counts.total()}{harmed}"
