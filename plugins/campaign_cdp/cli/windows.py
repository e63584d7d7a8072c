"""``cdp windows``: which spans of Campaign's logs were exported, and exporting one again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from campaign_cdp.cli.dag_runs import start
from campaign_cdp.cli.database import database_options, open_database, open_ledger
from campaign_cdp.cli.options import FEED_ID, feed_option, json_option, limit_option, write_json
from campaign_cdp.cli.tables import lines, table
from campaign_cdp.exceptions import WindowAbandonedError
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import event_feed
from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ledger.browse_records import StepRow, WatermarkRow, WindowFile, WindowRow
from campaign_cdp.ledger.store import Ledger, Window, WindowState


class _Time(click.ParamType):
    """ISO 8601; without an offset it is UTC, as all times of this project are."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write e.g. 2026-11-24T06:00 (UTC) or 2026-11-24T07:00+01:00", param, ctx)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@click.group()
def windows() -> None:
    """List and show export windows; export a span of the logs again.

    \b
    Examples:
      cdp windows list --feed delivery_events
      cdp windows show 42
      cdp windows backfill delivery_events --from 2026-11-20 --to 2026-11-21 --preview
    """


@windows.command("list")
@feed_option
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in WindowState]),
    help="Only this state; may be repeated.",
)
@limit_option
@database_options
@json_option
def list_(feed: str | None, states: tuple[str, ...], limit: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """List the newest windows."""
    with open_ledger(conn_id, url) as book:
        found = book.windows(feed, limit, states)
    if as_json:
        write_json({"windows": [window.to_json() for window in found]})
    else:
        click.echo(table([_summary(window) for window in found]) or "No such windows yet")


@windows.command()
@click.argument("window_id", type=int, metavar="WINDOW")
@database_options
@json_option
def show(window_id: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """Show one window: its logs, files and steps, and how far each log of its feed is exported (watermarks).

    Exit code 1: there is no such window.
    """
    with open_database(conn_id, url) as conn:
        Ledger(conn).check_version()
        book = Browse(conn)
        window = book.window_row(window_id)
        if window is None:
            raise WindowAbandonedError(f"The ledger has no window {window_id}, or not any more. See: cdp windows list")
        files, steps, marks = book.window_files(window_id), book.window_steps(window_id), book.watermarks(window.feed)
    if as_json:
        detail = {"files": files, "steps": steps, "watermarks": marks}
        write_json(asdict(window) | detail)
    else:
        _show(window, files, steps, marks)


@windows.command()
@click.argument("feed_id", metavar="FEED", type=FEED_ID)
@click.option("--from", "start_at", required=True, type=_Time(), help="Start of the span; UTC unless it has an offset.")
@click.option("--to", "end_at", required=True, type=_Time(), help="Its end, itself not part of it.")
@click.option("--preview", is_flag=True, help="Count the events, export nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def backfill(feed_id: str, start_at: datetime, end_at: datetime, preview: bool, yes: bool, as_json: bool) -> None:
    """Export a span of the logs again; the watermark stays where it is.

    What the ledger still remembers as exported is not sent again. Needs Airflow's metadata database, so run it where
    the `airflow` command works. Exit code 1: nothing was started, e.g. because the question was answered with no.

    \b
    Example:
      cdp windows backfill delivery_events --from 2026-11-20 --to 2026-11-21T12:00 --preview
    """
    if start_at >= end_at:
        raise click.BadParameter("has to be after --from", param_hint="--to")
    if end_at > datetime.now(UTC):
        raise click.BadParameter("is in the future: what comes later would be missing", param_hint="--to")
    feed = event_feed(feed_id)
    if not (preview or yes):
        _confirm(feed, start_at, end_at)
    span = {"backfill_from": start_at.isoformat(), "backfill_to": end_at.isoformat()}
    started = start(feed, "backfill", {"preview": preview, **span})
    if as_json:
        write_json(started.to_json())
    else:
        started.say()


def _confirm(feed: EventFeed, start_at: datetime, end_at: datetime) -> None:
    zone = feed.landing_zone
    click.confirm(
        f"Export {', '.join(feed.logs)} of {start_at:%Y-%m-%d %H:%M} to {end_at:%Y-%m-%d %H:%M} UTC again into "
        f"{zone.type}://{zone.root}/{zone.prefix}?",
        abort=True,
        err=True,
    )


def _summary(window: Window) -> dict[str, Any]:
    lower = [bound.lower for bound in window.bounds]
    known = [at for at in lower if at]
    return {
        "window": str(window.window_id),  # an id is no quantity
        "feed": window.feed,
        "state": window.state.value,
        "kind": _kind(window),
        "opened": _at(window.opened_at),
        "from": _at(min(known)) if known and len(known) == len(lower) else None,
        "to": _at(window.upper) if window.bounds else None,
        "logs": ", ".join(bound.log for bound in window.bounds),
        "Dag run": window.dag_run_id,
        "reason": window.reason,
    }


def _show(window: WindowRow, files: list[WindowFile], steps: list[StepRow], marks: list[WatermarkRow]) -> None:
    head = {"window": str(window.window_id), "feed": window.feed, "state": window.state, "kind": _kind(window)}
    tail = {"opened": _at(window.opened_at), "events": window.rows, "Dag run": window.dag_run_id}
    click.echo(lines(head | tail | {"reason": window.reason}))
    click.echo("\n" + table(window.bounds))
    if files:
        columns = ("log", "key", "size", "rows", "state")
        click.echo("\n" + table([{name: getattr(file, name) for name in columns} for file in files]))
    for step in steps:
        click.echo(f"\n{step.step}\n{lines(step.counts, indent='  ')}")
    click.echo("\nwatermarks")
    shown = [{"log": mark.log, "exported to": _at(mark.value), "remembered from": _at(mark.floor)} for mark in marks]
    click.echo(table(shown) or "none yet: no window of the feed is done")


def _kind(window: Window | WindowRow) -> str | None:
    kinds = [name for name in ("backfill", "preview") if getattr(window, name)]
    return ", ".join(kinds) or None


def _at(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
