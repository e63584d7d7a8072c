"""``cdp feeds``: check, list, show, compare and create feed files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
import yaml

from campaign_cdp.cli.feed_diff import diff
from campaign_cdp.cli.feed_views import campaign_columns, summary, table
from campaign_cdp.cli.options import json_option
from campaign_cdp.events.data_prep import mapping_set_text
from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.loader import (
    config_hash,
    event_feed,
    feed_by_id,
    feed_files,
    load_feed,
    load_feeds,
    load_paths,
)
from campaign_cdp.feeds.problems import FeedFileError, Problem
from campaign_cdp.feeds.scaffold import DIRECTIONS, feed_text
from campaign_cdp.feeds.schema import schema_texts
from campaign_cdp.settings import feeds_dir


@click.group()
def feeds() -> None:
    """Check, list, show, compare and create feed files.

    Feeds live in include/feeds; the environment variable CDP_FEEDS_DIR names another folder.

    \b
    Examples:
      cdp feeds new gold_members --direction audience_import --export full
      cdp feeds lint include/feeds/gold_members.yaml
      cdp feeds diff export.csv.gz --feed gold_members
    """


feeds.add_command(diff)


@feeds.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def lint(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check feed files; without FILES all of the folder.

    Feeds beside the given files count too: two feeds must not share a folder or a mirrored list. Exit code 0: all
    are good. 1: a file has problems, or there is no feeds folder.
    """
    wanted = files or tuple(_all_files())
    problems = _problems(wanted)
    if as_json:
        report = [{"path": str(path), "problems": [p.to_json() for p in problems[path]]} for path in wanted]
        click.echo(json.dumps({"files": report}, indent=2))
    else:
        for path in wanted:
            for problem in problems[path]:
                click.echo(problem.at(_relative(path)))
        broken = sum(bool(problems[path]) for path in wanted)
        click.secho(f"{len(wanted)} feed files, {broken} with problems", fg="red" if broken else "green")
    ctx.exit(1 if any(problems.values()) else 0)


@feeds.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the feeds that have a Dag.

    Broken files are named on standard error and make the exit code 1.
    """
    good, errors = load_feeds()
    rows = [summary(feed) for feed in good]
    click.echo(json.dumps({"feeds": rows}, indent=2) if as_json else table(rows))
    for error in errors:
        click.secho(str(error), fg="red", err=True)
    ctx.exit(1 if errors else 0)


@feeds.command()
@click.argument("feed_id", metavar="ID")
@json_option
def show(feed_id: str, as_json: bool) -> None:
    """Show one feed with all defaults filled in, and where each column comes from or goes to in Campaign."""
    feed = feed_by_id(feed_id)
    config = feed.model_dump(mode="json", by_alias=True)
    columns = campaign_columns(feed)
    if as_json:
        click.echo(json.dumps({"feed": config, "campaign_columns": columns, "hash": config_hash(feed)}, indent=2))
        return
    click.echo(yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=110).rstrip())
    click.echo("\n# Columns in Campaign")
    for name, text in columns.items():
        click.echo(f"#   {name} -> {text}")


@feeds.command("data-prep")
@click.argument("feed_id", metavar="ID")
def data_prep(feed_id: str) -> None:
    """Write the mapping set of a flat event feed as JSON, for the mapping step of its AEP dataflow (Data Prep)."""
    click.echo(mapping_set_text(event_feed(feed_id)), nl=False)


@feeds.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file is not current.")
@click.pass_context
def schema(ctx: click.Context, check: bool) -> None:
    """Write the JSON Schemas that editors use for completion (include/schemas)."""
    for path, text in schema_texts().items():
        current = path.exists() and path.read_text(encoding="utf-8") == text
        if check and not current:
            click.secho(f"{_relative(path)} is not what the code says. Run: cdp feeds schema", fg="red", err=True)
            ctx.exit(1)
        if not current:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        click.echo(f"{_relative(path)} is current")


@feeds.command()
@click.argument("feed_id", metavar="ID")
@click.option("--direction", type=click.Choice(DIRECTIONS), required=True, help="Which way the data flows.")
@click.option(
    "--export", type=click.Choice(["full", "incremental"]), default="full", show_default=True, help="Of an audience."
)
def new(feed_id: str, direction: str, export: str) -> None:
    """Create ID.yaml in the feeds folder, with comments and sensible choices; an existing file is left alone."""
    path = feeds_dir() / f"{feed_id}.yaml"
    if Path(feed_id).name != feed_id:
        raise click.BadParameter("takes an id, not a path", param_hint="ID")
    if any(existing.stem == feed_id for existing in feed_files(path.parent)):
        raise click.ClickException(
            f"The feed {feed_id} exists already; nothing was written. See: cdp feeds show {feed_id}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_text(feed_text(feed_id, direction, export), encoding="utf-8")
        load_feed(path)
    except (OSError, ValueError) as err:
        raise click.BadParameter(f"makes no name of a file: {type(err).__name__}", param_hint="ID") from None
    except FeedFileError as err:
        path.unlink()
        raise click.BadParameter("; ".join(p.text for p in err.problems), param_hint="ID") from err
    click.echo(f"Wrote {_relative(path)}. Edit it, then run: cdp feeds lint {_relative(path)}")


def _all_files() -> list[Path]:
    if not feeds_dir().is_dir():
        raise FeedConfigError(f"The feeds folder {feeds_dir()} does not exist. Create it or set CDP_FEEDS_DIR.")
    return feed_files(feeds_dir())


def _problems(wanted: Sequence[Path]) -> dict[Path, tuple[Problem, ...]]:
    found: dict[Path, tuple[Problem, ...]] = dict.fromkeys(wanted, ())
    for folder in {path.parent for path in wanted}:
        mine = {path for path in wanted if path.parent == folder}
        for error in load_paths(sorted(mine | set(feed_files(folder))))[1]:
            if error.path in found:
                found[error.path] = error.problems
    return found


def _relative(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
