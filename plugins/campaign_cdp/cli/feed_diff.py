"""``cdp feeds diff``: what a data file, or another feed file, would change. Nothing is changed."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
import yaml

from campaign_cdp.cli.database import use_connections
from campaign_cdp.cli.options import FEED_ID, json_option, write_json
from campaign_cdp.cli.progress import bytes_bar
from campaign_cdp.cli.tables import table
from campaign_cdp.feeds.diff import Change, compare_feeds
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.loader import audience_feed, audience_feeds, feed_by_id, feed_files, load_feed, load_paths
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.trial import Trial, try_part
from campaign_cdp.settings import feeds_dir

_YAML: Final = frozenset({".yaml", ".yml"})
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--feed", "feed_id", type=FEED_ID, help="Feed to compare with; needed for data if there are several.")
@click.option("--lines", type=click.IntRange(min=1), default=10_000, show_default=True, help="Lines to look at.")
@click.option("--all", "is_all", is_flag=True, help="Look at all lines.")
@json_option
@click.pass_context
def diff(ctx: click.Context, path: Path, feed_id: str | None, lines: int, is_all: bool, as_json: bool) -> None:
    """Show what FILE would change; nothing is loaded or written.

    FILE is a data file as AEP writes it, packed and encrypted as the feed allows: its header is compared with the
    feed's columns, its lines are read as a run would read them, and rejects and changed values are counted, with
    masked examples. Or it is a feed file (.yaml): it is compared with the one in the feeds folder, key by key, with
    the effect of each change.

    Exit code 0: it can be used. 1: the data would be quarantined or is over the reject limit, or the feed is broken.

    \b
    Examples:
      cdp feeds diff export.csv.gz --feed loyalty_gold
      cdp feeds diff export.csv.gz.gpg --feed loyalty_gold --all --json
      cdp feeds diff ../new/loyalty_gold.yaml
    """
    if path.suffix in _YAML:
        _diff_feed(path, feed_id, as_json)
        return
    feed = _feed_of_data(feed_id)
    trial = _try(path, feed, None if is_all else lines, quiet=as_json)
    limit = trial.over_limit(feed)
    if as_json:
        write_json(_trial_json(trial, path, feed, limit))
    else:
        for line in _trial_lines(trial, path, feed, limit):
            click.echo(line)
    ctx.exit(1 if trial.error or limit else 0)


# -- Feed files --------------------------------------------------------------------------------------------------------


def _diff_feed(path: Path, feed_id: str | None, as_json: bool) -> None:
    new = _checked(path, feed_id)
    wanted = feed_id or new.id
    is_new = feed_id is None and not any(file.stem == wanted for file in feed_files(feeds_dir()))
    changes = [] if is_new else compare_feeds(feed_by_id(wanted), new)
    if as_json:
        write_json({"feed": wanted, "is_new": is_new, "changes": changes})
    elif is_new:
        click.echo(f"{wanted} is a new feed: it gets the Dag {new.direction}__{new.id}. Check it with: cdp doctor")
    elif not changes:
        click.echo(f"{path} says the same as the feed {wanted}")
    else:
        for change in changes:
            _say_change(change)
        click.echo(f"\n{len(changes)} keys differ. A run or window that is open starts over with the new settings.")


def _checked(path: Path, feed_id: str | None) -> Feed:
    """Read a feed file as if it was in the feeds folder, in the place of the one that it is compared with."""
    feed = load_feed(path)
    others = [file for file in feed_files(feeds_dir()) if file.stem not in {path.stem, feed_id}]
    for error in load_paths([*others, path])[1]:
        if error.path == path:
            raise error
    return feed


def _say_change(change: Change) -> None:
    click.secho(change.key, bold=True)
    for mark, value, colour in (("-", change.before, "red"), ("+", change.after, "green")):
        if value is not None:
            click.secho(f"  {mark} {_compact(value)}", fg=colour)
    click.echo(f"    {change.effect}")


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        value = {name: part for name, part in value.items() if part not in (None, [], "")}
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("\n...\n").strip()


# -- Data files --------------------------------------------------------------------------------------------------------


def _feed_of_data(feed_id: str | None) -> AudienceFeed:
    if feed_id:
        return audience_feed(feed_id)
    feeds = audience_feeds()
    if len(feeds) != 1:
        names = ", ".join(feed.id for feed in feeds) or "none"
        raise click.UsageError(f"Name the feed that would read the file, with --feed. There are: {names}")
    return feeds[0]


def _try(path: Path, feed: AudienceFeed, lines: int | None, *, quiet: bool) -> Trial:
    if feed.pgp:
        use_connections()
        from campaign_cdp.hooks.pgp.decryption import Decryption

        decryption: Any = Decryption(feed.pgp)
    else:
        decryption = nullcontext()
    with (
        path.open("rb") as source,
        decryption as decrypt,
        bytes_bar(path.name, path.stat().st_size, hidden=quiet) as on_progress,
    ):
        return try_part(source, feed, decrypt, lines=lines, on_progress=on_progress)


def _trial_json(trial: Trial, path: Path, feed: AudienceFeed, limit: str | None) -> dict[str, Any]:
    error = trial.error and {"code": trial.error.code, "message": trial.error.message}
    changes = [{"column": name, "kind": kind, **asdict(change)} for (name, kind), change in trial.changes.items()]
    return {
        "feed": feed.id,
        "name_fits": _name_fits(path, feed),
        "layers": trial.layers,
        "header": trial.header,
        "accepted": trial.accepted,
        "rejected": trial.rejected,
        "is_sample": trial.is_cut,
        "by_code": trial.by_code,
        "rejects": trial.rejects,
        "changes": changes,
        "over_reject_limit": limit,
        "error": error,
    }


def _trial_lines(trial: Trial, path: Path, feed: AudienceFeed, limit: str | None) -> Iterator[str]:
    yield f"{path.name}, read with feed {feed.id}: {', then '.join(trial.layers) or 'not packed'}"
    if not _name_fits(path, feed):
        yield f"Its name does not fit {feed.landing_zone.name_pattern!r} (landing_zone.name_pattern): it is left alone."
    yield from _header_lines(trial)
    if trial.accepted or trial.rejected:
        total = trial.accepted + trial.rejected
        yield f"\n{total:,} lines {'at its beginning' if trial.is_cut else 'in all'}"
        yield f"  accepted  {trial.accepted:,}"
        yield f"  rejected  {trial.rejected:,} ({100 * trial.rejected / total:.2f} %)"
    yield from _reject_lines(trial)
    yield from _change_lines(trial)
    yield from _verdict(trial, limit)


def _header_lines(trial: Trial) -> Iterator[str]:
    header = trial.header
    if header is None:
        return
    yield f"\nheader: {len(header.matched)} columns known"
    for attribute, source in header.missing.items():
        yield f"  missing    {source} -> {attribute}"
    for attribute, names in header.ambiguous.items():
        yield f"  ambiguous  {', '.join(names)} -> {attribute}"
    for name in header.repeated:
        yield f"  repeated   {name}"
    for name in header.unknown:
        yield f"  not loaded {name}"


def _reject_lines(trial: Trial) -> Iterator[str]:
    if trial.by_code:
        yield "\nrejects by code"
        yield table([{"code": code, "lines": count} for code, count in trial.by_code.items()])
        yield "\nexamples (masked)"
        yield table(
            [
                {"line": str(one.line_no), "code": one.code, "column": one.column, "value": one.value}
                for one in sorted(trial.rejects, key=lambda one: one.code)
            ]
        )


def _change_lines(trial: Trial) -> Iterator[str]:
    if trial.changes:
        yield "\nchanged values (masked)"
        yield table(
            [
                {
                    "column": name,
                    "change": kind,
                    "values": change.count,
                    "example": " -> ".join(change.examples[0]) if change.examples else None,
                }
                for (name, kind), change in sorted(trial.changes.items())
            ]
        )


def _verdict(trial: Trial, limit: str | None) -> Iterator[str]:
    if trial.error:
        yield click.style(f"\nNot loaded: {trial.error}", fg="red")
    elif limit:
        yield click.style(f"\nNothing would be applied: the rejected lines are over the limit of {limit}.", fg="red")
    else:
        rest = " Its other lines were not looked at; --all does." if trial.is_cut else ""
        yield click.style(f"\nIt can be loaded.{rest}", fg="green")


def _name_fits(path: Path, feed: AudienceFeed) -> bool:
    return fnmatch.fnmatchcase(path.name, feed.landing_zone.name_pattern)
