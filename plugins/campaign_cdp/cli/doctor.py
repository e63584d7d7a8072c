"""``cdp doctor``: does everything that the feeds need work, and if not, what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

import click

from campaign_cdp.cli.check_airflow import airflow_examination
from campaign_cdp.cli.check_campaign import campaign_examination
from campaign_cdp.cli.check_storage import storage_examination
from campaign_cdp.cli.checkup import STEP_SECONDS, Examination, Finding, Report, Status, examined
from campaign_cdp.cli.database import use_connections
from campaign_cdp.cli.options import FEED_ID, json_option, write_json
from campaign_cdp.cli.progress import waiting
from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.loader import feed_by_id, load_feeds
from campaign_cdp.feeds.problems import FeedFileError
from campaign_cdp.limits.loader import load_limits
from campaign_cdp.settings import feeds_dir

_MARKS: Final = {
    Status.OK: ("✓", "green"),
    Status.WARNING: ("!", "yellow"),
    Status.PROBLEM: ("✗", "red"),
    Status.SKIPPED: ("-", "bright_black"),
}


@click.command()
@click.argument("feed_ids", nargs=-1, metavar="[FEED]...", type=FEED_ID)
@click.option("--strict", is_flag=True, help="Warnings make the exit code 1 too.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=STEP_SECONDS, show_default=True, help="Seconds for each check."
)
@json_option
@click.pass_context
def doctor(ctx: click.Context, feed_ids: tuple[str, ...], strict: bool, timeout: float, as_json: bool) -> None:
    """Check every connection that feeds use, and say what is wrong and what to do; without FEED those of all feeds.

    Looked at are feed files and limits, Campaign databases (ledger, rights, time limits), landing zones (a probe
    .cdp-doctor-* is written, read and deleted in the rejects or staging folder, where AEP never looks), PGP keys, and,
    where Airflow's metadata database can be reached, its pools, Dags, scheduler and triggerer. Nothing else is written.
    Connections are examined at the same time. Run it where tasks run: on a worker.

    Marks: ✓ works; ! works, but look at it; ✗ does not work; - was not checked.

    Exit code 0: no problems. 1: problems; with --strict also warnings.

    \b
    Examples:
      cdp doctor
      cdp doctor loyalty_gold --json
    """
    use_connections()
    found = _examine(feed_ids, timeout, quiet=as_json)
    counts = {status: sum(one.status is status for one in found) for status in Status}
    if as_json:
        write_json({"findings": found, "counts": counts})
    else:
        click.echo(f"{counts[Status.PROBLEM]} problems, {counts[Status.WARNING]} warnings")
        if any(one.code for one in found):
            click.echo("Each code has a page: docs/errors/ACR-nnn.md")
    ctx.exit(1 if counts[Status.PROBLEM] or (strict and counts[Status.WARNING]) else 0)


def _examine(feed_ids: Sequence[str], timeout: float, *, quiet: bool) -> list[Finding]:
    files = Report("feed files")
    feeds = _feeds(files, feed_ids)
    examinations = list(_examinations(feeds))
    subjects = [files.subject, *(one.subject for one in examinations)]
    found: list[Finding] = []
    with waiting("Examining connections", hidden=quiet):
        for findings in [files.findings, *examined(examinations, timeout)]:
            found += findings
    if not quiet:
        _say(found, max(map(len, subjects)))
    return found


def _feeds(report: Report, feed_ids: Sequence[str]) -> list[Feed]:
    """Good feeds of those asked for; what is wrong with the others is told."""
    good, errors = load_feeds()
    if feed_ids:
        for feed_id in feed_ids:
            if not any(feed.id == feed_id for feed in good) and not any(_is_of(err, feed_id) for err in errors):
                feed_by_id(feed_id)  # raises, with a suggestion
        good = [feed for feed in good if feed.id in feed_ids]
        errors = [err for err in errors if any(_is_of(err, feed_id) for feed_id in feed_ids)]
    with report.step("feeds"):
        for err in errors:
            report.problem(str(err))
        if not errors:
            empty = f"There are none in {feeds_dir()}. Create one: cdp feeds new my_feed --direction audience_import"
            report.add(Status.OK if good else Status.WARNING, f"{len(good)} without problems." if good else empty)
    _limits(report)
    return good


def _is_of(err: FeedConfigError, feed_id: str) -> bool:
    return isinstance(err, FeedFileError) and err.path.stem == feed_id


def _limits(report: Report) -> None:
    with report.step("limits"):
        try:
            load_limits()
        except FeedConfigError as err:
            report.problem(str(err))
        else:
            report.ok("limits.yaml has no problems.")


def _examinations(feeds: Sequence[Feed]) -> Iterator[Examination]:
    """Every connection once, with the feeds that use it."""
    for conn_id, users in _grouped(feeds, lambda feed: feed.campaign):
        yield campaign_examination(conn_id, users)
    for _, users in _grouped(feeds, _storage_key):
        yield storage_examination(users)
    with_keys = [feed for feed in feeds if feed.pgp]
    if with_keys:
        from campaign_cdp.cli.check_pgp import pgp_examination

        for conn_id, users in _grouped(with_keys, lambda feed: feed.pgp or ""):
            yield pgp_examination(conn_id, users)
    if feeds:
        yield airflow_examination(feeds)


def _storage_key(feed: Feed) -> str:
    zone = feed.landing_zone
    return f"{zone.connection} {zone.type} {zone.root}"


def _grouped(feeds: Iterable[Feed], key: Callable[[Feed], str]) -> Iterator[tuple[str, list[Feed]]]:
    for name, users in groupby(sorted(feeds, key=key), key):
        yield name, list(users)


def _say(found: Iterable[Finding], width: int) -> None:
    for one in found:
        mark, colour = _MARKS[one.status]
        text = f"{one.code} {one.text}" if one.code else one.text
        click.echo(f"{click.style(mark, fg=colour)} {one.subject:<{width}}  {one.check}: {text}")
