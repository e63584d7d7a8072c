"""``cdp ledger``: create and upgrade the ledger's tables, and look at runs and rejected lines."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from typing import Any

import click

from campaign_cdp.cli.database import database_options, open_database, open_ledger
from campaign_cdp.cli.tables import lines, table
from campaign_cdp.ledger.store import Run
from campaign_cdp.ledger.version import REQUIRED
from campaign_cdp.rows.reject_file import reject_lines

_SHOWN_REJECTS = 50
_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON for other programs.")


@click.group()
def ledger() -> None:
    """Create the ledger's tables; look at runs and rejected lines.

    The ledger is the schema cdp of the Campaign database. An Airflow connection is looked up as Airflow does, so the
    environment variable AIRFLOW_CONN_CAMPAIGN_DB is enough.
    """


@ledger.command()
@database_options
@_JSON
def upgrade(conn_id: str, url: str | None, as_json: bool) -> None:
    """Create or upgrade the ledger's tables. Safe to run again, and from two places at once.

    The database user needs CREATE on the schema cdp, or on the database if that schema does not exist yet.
    """
    from campaign_cdp.ledger import migrate

    with open_database(conn_id, url) as conn:
        before, after = migrate.current(conn), migrate.upgrade(conn)
    if as_json:
        click.echo(json.dumps({"before": before, "after": after}))
    elif before == after:
        click.echo(f"The ledger is at version {after} already")
    else:
        click.echo(f"The ledger is now at version {after} (before: {before or 'none'})")


@ledger.command()
@database_options
@_JSON
@click.pass_context
def current(ctx: click.Context, conn_id: str, url: str | None, as_json: bool) -> None:
    """Show the version of the ledger's tables. Exit code 1: not the version this package needs."""
    from campaign_cdp.ledger import migrate

    with open_database(conn_id, url) as conn:
        found = migrate.current(conn)
    if as_json:
        click.echo(json.dumps({"current": found, "required": REQUIRED}))
    else:
        click.echo(f"The ledger is at version {found or 'none'}, this package needs {REQUIRED}")
    ctx.exit(0 if found == REQUIRED else 1)


@ledger.command()
@click.option("--feed", help="Only runs of this feed.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many, newest first.")
@database_options
@_JSON
def runs(feed: str | None, limit: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """List the newest runs."""
    with open_ledger(conn_id, url) as book:
        found = book.runs(feed, limit)
    if as_json:
        click.echo(json.dumps({"runs": [run.to_json() for run in found]}, indent=2))
    else:
        click.echo(table([_summary(run) for run in found]) or "No runs yet")


@ledger.command()
@click.argument("run_id", type=int)
@database_options
@_JSON
def show(run_id: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """Show one run: its files, steps and counts."""
    with open_ledger(conn_id, url) as book:
        run, files, steps = book.run(run_id), book.files(run_id), book.steps(run_id)
        rejects = book.reject_summary(run_id)
    if as_json:
        detail = {"files": [asdict(file) for file in files], "steps": steps, "rejects": rejects}
        click.echo(json.dumps({**run.to_json(), **detail}, indent=2))
        return
    click.echo(lines({**_summary(run), "file set": run.file_set.id, "error": run.error_message}))
    columns = ("part_no", "key", "size", "state", "rows", "rejected")
    click.echo("\n" + table([{name: getattr(file, name) for name in columns} for file in files]))
    for step, counts in steps.items():
        click.echo(f"\n{step}\n{lines(counts, indent='  ')}")
    if rejects:
        click.echo(f"\nrejects by code\n{lines(rejects, indent='  ')}")


@ledger.command()
@click.argument("run_id", type=int)
@click.option("--csv", "as_csv", is_flag=True, help="Write all of them as CSV.")
@database_options
def rejects(run_id: int, as_csv: bool, conn_id: str, url: str | None) -> None:
    """Show a run's rejected lines. Values that may be personal are masked."""
    with open_ledger(conn_id, url) as book:
        book.run(run_id)
        if as_csv:
            for chunk in reject_lines(book.iter_rejects(run_id)):
                click.echo(chunk, nl=False)
            return
        total = sum(book.reject_summary(run_id).values())
        first = islice(book.iter_rejects(run_id), _SHOWN_REJECTS)
        shown = [{**reject._asdict(), "line_no": reject.line_no and str(reject.line_no)} for reject in first]
    click.echo(table(shown) or f"Run {run_id} has no rejected lines")
    if total > len(shown):
        click.echo(f"... and {total - len(shown):,} more: cdp ledger rejects {run_id} --csv")


def _summary(run: Run) -> dict[str, Any]:
    return {
        "run": str(run.run_id),  # an id is no quantity
        "feed": run.feed,
        "state": f"{run.state} (preview)" if run.preview and run.is_open else run.state.value,
        "opened": f"{run.opened_at:%Y-%m-%d %H:%M}",
        "file set of": f"{run.file_set.ordered_at:%Y-%m-%d %H:%M}",
        "parts": len(run.file_set.parts),
        **{name: run.counts.get(name) for name in ("rows", "rejected", "inserted", "updated")},
        "Dag run": run.dag_run_id,
        "error": run.error_code,
    }
