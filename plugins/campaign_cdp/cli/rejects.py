"""``cdp rejects``: look at rejected lines, take them out to correct them, and replay them."""

from __future__ import annotations

import getpass
import io
import json
import shlex
from itertools import islice
from pathlib import Path

import click

from campaign_cdp.cli.dag_runs import Started, start
from campaign_cdp.cli.database import database_options, open_ledger, use_connections
from campaign_cdp.cli.options import json_option, limit_option, write_json
from campaign_cdp.cli.progress import waiting
from campaign_cdp.cli.reject_export import picked, private_file, write_rejects
from campaign_cdp.cli.tables import table
from campaign_cdp.feeds.loader import audience_feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.store import Ledger


@click.group()
def rejects() -> None:
    """List rejected lines, export them to correct them, and replay them.

    \b
    Examples:
      cdp rejects list 42
      cdp rejects export 42 -o corrected.csv
      cdp rejects replay 42 corrected.csv
      cdp rejects replay 42             (after the feed was corrected)
    """


@rejects.command("list")
@click.argument("run_id", type=int, metavar="RUN")
@limit_option
@database_options
@json_option
def list_(run_id: int, limit: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """List a run's rejected lines, and which run applied them later. Values that may be personal are masked."""
    with open_ledger(conn_id, url) as book:
        book.run(run_id)
        by_code = book.reject_summary(run_id)
        shown = [reject._asdict() for reject in islice(book.iter_rejects(run_id), limit)]
    if as_json:
        write_json({"run_id": run_id, "by_code": by_code, "rejects": shown})
        return
    # Numbers of lines and runs are no quantities.
    named = [{name: value and str(value) for name, value in row.items()} for row in shown]
    click.echo(table(named) or f"Run {run_id} has no rejected lines")
    if (more := sum(by_code.values()) - len(shown)) > 0:
        click.echo(f"... and {more:,} more; raise --limit to see them")


@rejects.command()
@click.argument("run_id", type=int, metavar="RUN")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default RUN.csv.")
@database_options
@json_option
def export(run_id: int, output: Path | None, conn_id: str, url: str | None, as_json: bool) -> None:
    """Write the rejected lines of a run as AEP wrote them, to correct them.

    They are read from the files of the run again. The last three columns say which line each was and why it was
    rejected: keep the first two of them. The file holds personal data, so only its owner may read it, and the ledger's
    audit says who took it; delete it when it is replayed. Lines that were replayed already are left out. Exit code 1:
    there are none, or the file exists.
    """
    target = output or Path(f"rejects_{run_id}.csv")
    with open_ledger(conn_id, url) as book, waiting("Reading the files of the run"):
        feed = audience_feed(book.run(run_id).feed)
        with picked(book, feed, run_id) as records, private_file(target) as file:
            written = write_rejects(feed, records, file)
        if written:
            book.audit(getpass.getuser(), "export rejects", feed.id, {"run_id": run_id, "lines": written})
        else:
            target.unlink()
    if as_json:
        write_json({"run_id": run_id, "file": str(target) if written else None, "lines": written})
    else:
        click.echo(f"{written:,} lines: {target}" if written else f"Run {run_id} has no rejected lines to correct")
    if not written:
        click.get_current_context().exit(1)


@rejects.command()
@click.argument("run_id", type=int, metavar="RUN")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--accept-stale", is_flag=True, help="Although newer values may be overwritten.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_options
@json_option
def replay(
    run_id: int, file: Path | None, accept_stale: bool, yes: bool, conn_id: str, url: str | None, as_json: bool
) -> None:
    """Apply rejected lines of a run: those in FILE, or all that are open, for a feed that was corrected.

    A Dag run takes them through the same pipeline, once. Needs Airflow's metadata database, so run it where the
    `airflow` command works. Exit code 1: nothing was started.
    """
    content = file.read_bytes() if file else None
    with open_ledger(conn_id, url) as book:
        feed = audience_feed(book.run(run_id).feed)
        tag = _check(book, feed, run_id, content, accept_stale=accept_stale)
        rejected = sum(1 for _ in book.open_rejects(run_id))
    lines = _corrected_lines(feed, content) if content is not None else rejected
    if not lines:
        raise click.ClickException(f"Run {run_id} has no rejected lines to replay. Nothing was done.")
    if not yes:
        click.confirm(f"Replay {lines:,} lines of run {run_id} into {feed.id}?", abort=True, err=True)
    key = _upload(feed, run_id, tag, content) if content is not None else None
    started = _start(feed, run_id, key, accept_stale=accept_stale)
    if as_json:
        write_json({**started.to_json(), "lines": lines, "replay_file": key})
    else:
        started.say()


def _check(book: Ledger, feed: AudienceFeed, run_id: int, content: bytes | None, *, accept_stale: bool) -> str:
    """Return what tells this replay from others; refuse what the Dag run would refuse."""
    from campaign_cdp.replay import changed_feed_tag, correction_tag, replay_id

    original = book.replayable(run_id, feed.id, accept_stale=accept_stale)
    tag = changed_feed_tag(feed) if content is None else correction_tag(io.BytesIO(content), feed)
    book.refuse_applied_replay(feed.id, replay_id(original, tag))
    return tag


def _corrected_lines(feed: AudienceFeed, content: bytes) -> int:
    from campaign_cdp.replay import correction_lines

    return sum(1 for _ in correction_lines(io.BytesIO(content), feed))


def _upload(feed: AudienceFeed, run_id: int, tag: str, content: bytes) -> str:
    """Put a correction into the landing zone, encrypted if the feed's files are; the same one may be there already."""
    from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
    from campaign_cdp.hooks.pgp.optional import encryption_for
    from campaign_cdp.replay import replay_key

    use_connections()
    key = replay_key(feed, run_id, tag)
    with landing_zone_for(feed.landing_zone) as zone, encryption_for(feed.pgp, own=True) as encrypt:
        if zone.stat(key) is None:
            zone.stage(key, encrypt([content]))
    return key


def _start(feed: AudienceFeed, run_id: int, key: str | None, *, accept_stale: bool) -> Started:
    """Start the Dag run, or say how it is started elsewhere."""
    from campaign_cdp.replay import replay_conf

    conf = replay_conf(run_id, replay_file=key, accept_stale=accept_stale)
    try:
        return start(feed, "replay", conf)
    except click.ClickException as err:
        command = f"airflow dags trigger {feed.direction}__{feed.id} --conf {shlex.quote(json.dumps(conf))}"
        raise click.ClickException(f"{err.message} The command there: {command}") from err
