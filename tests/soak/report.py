"""The results of ``make soak`` as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table


def tables(result: Mapping[str, Any], parts: Sequence[str], engine: str) -> Iterator[Table]:
    """Yield the tables of some parts."""
    if "soak" in parts:
        yield _soak(result[f"soak_{engine}"])
    if "sensor" in parts:
        yield _sensor(result["sensor"])
    if "parse" in parts:
        yield _parse(result["parse"])
    if "memory" in parts:
        yield _memory(result["memory_of_exports"])


def _soak(found: Mapping[str, Any]) -> Table:
    late = ", ".join(f"{name.removesuffix('_s')} {seconds} s" for name, seconds in found["latency"].items())
    wrong = ", ".join(f"{found[name]} {name}" for name in ("lost", "doubled", "wrong"))
    title = (
        f"{found['engine']}: {found['file_sets']} file sets in {found['seconds']:.0f} s; {wrong}; applied after {late}"
    )
    table = Table("resource", "start", "end", "max", "an hour", "leak", title=title)
    for name, one in found["resources"].items():
        cells = (f"{one[key]:,.1f}" for key in ("start", "end", "max", "per_hour"))
        table.add_row(name, *cells, "LEAK" if one["leak"] else "", style="red" if one["leak"] else None)
    return table


def _sensor(found: Mapping[str, Any]) -> Table:
    columns = ("seconds", "cpu_s", "over_idle_mb", "listings", "pages", "reads", "ledger_calls")
    table = Table("storage", "files", *columns, title=f"One look at {found['keys']:,} files")
    for zone, cases in found.items():
        for case, one in cases.items() if zone != "keys" else ():
            table.add_row(zone, case.replace("_", " "), *(f"{one[name]:,}" for name in columns))
    return table


def _parse(found: Mapping[str, Any]) -> Table:
    table = Table("process", "seconds", "cpu s", "MB", "Dags", title=f"Parsing {found['feeds']} feeds")
    for name in ("dag_processor", "task_of_all_feeds", "task"):
        one = found[name]
        table.add_row(name.replace("_", " "), *(f"{one[key]:,}" for key in ("seconds", "cpu_s", "mb", "dags")))
    return table


def _memory(found: Mapping[str, Any]) -> Table:
    about = f"{found['bytes_per_exported_key']} bytes an event remembered, {found['bytes_per_tracking_log']} a log row"
    table = Table("window", "seconds", "PostgreSQL cpu s", "microseconds an event", title=about)
    for name in ("first_window", "overlapped"):
        one = found[name]
        table.add_row(name.replace("_", " "), *(f"{one[key]:,}" for key in ("seconds", "cpu_s", "cpu_us_per_event")))
    return table
