"""``cdp runs``: what each file set of a feed did, and new runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from campaign_cdp.cli.dag_runs import start as start_dag_run
from campaign_cdp.cli.database import database_options, open_ledger
from campaign_cdp.cli.options import FEED_ID, feed_option, json_option, limit_option, write_json
from campaign_cdp.cli.quarantine import release, supersede
from campaign_cdp.cli.tables import lines, table
from campaign_cdp.feeds.loader import feed_by_id
from campaign_cdp.ledger.store import Run, RunState


@click.group()
def runs() -> None:
    """List, show and start runs.

    One run is one file set of an audience; an export has windows instead, see: cdp windows

    \b
    Examples:
      cdp runs list --feed loyalty_gold --state quarantined
      cdp runs show 42
      cdp runs preview loyalty_gold
    """


@runs.command("list")
@feed_option
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in RunState]),
    help="Only this state; may be repeated.",
)
@limit_option
@database_options
@json_option
def list_(feed: str | None, states: tuple[str, ...], limit: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """List the newest runs."""
    with open_ledger(conn_id, url) as book:
        found = book.runs(feed, limit, states)
    if as_json:
        write_json({"runs": [run.to_json() for run in found]})
    else:
        click.echo(table([_summary(run) for run in found]) or "No such runs yet")


@runs.command()
@click.argument("run_id", type=int, metavar="RUN")
@database_options
@json_option
def show(run_id: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """Show one run: its files, steps and counts.

    Exit code 1: there is no such run.
    """
    with open_ledger(conn_id, url) as book:
        run, files, steps = book.run(run_id), book.files(run_id), book.steps(run_id)
        rejects = book.reject_summary(run_id)
    if as_json:
        detail = {"files": [asdict(file) for file in files], "steps": steps, "rejects": rejects}
        write_json({**run.to_json(), **detail})
        return
    click.echo(lines({**_summary(run), "file set": run.file_set.id, "error": run.error_message}))
    columns = ("part_no", "key", "size", "state", "rows", "rejected")
    click.echo("\n" + table([{name: getattr(file, name) for name in columns} for file in files]))
    for step, counts in steps.items():
        click.echo(f"\n{step}\n{lines(counts, indent='  ')}")
    if rejects:
        click.echo(f"\nrejects by code\n{lines(rejects, indent='  ')}")
        click.echo(f"\nThe lines: cdp rejects list {run_id}")


@runs.command()
@click.argument("feed_id", metavar="FEED", type=FEED_ID)
@json_option
def preview(feed_id: str, as_json: bool) -> None:
    """Start a run that counts what it would change, and changes nothing.

    Needs Airflow's metadata database, so run it where the `airflow` command works. Exit code 1: nothing was started.
    """
    _start(feed_id, as_json, is_preview=True)


@runs.command()
@click.argument("feed_id", metavar="FEED", type=FEED_ID)
@json_option
def start(feed_id: str, as_json: bool) -> None:
    """Start a run now: the next file set of an audience, or the next window of an export.

    Needs Airflow's metadata database, so run it where the `airflow` command works. Exit code 1: nothing was started.
    """
    _start(feed_id, as_json, is_preview=False)


def _start(feed_id: str, as_json: bool, *, is_preview: bool) -> None:
    started = start_dag_run(feed_by_id(feed_id), "preview" if is_preview else "run", {"preview": is_preview})
    if as_json:
        write_json(started.to_json())
    else:
        started.say()


runs.add_command(release)
runs.add_command(supersede)


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
