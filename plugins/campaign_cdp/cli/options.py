"""What commands have in common: ``--json``, feeds as arguments, and their JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from campaign_cdp.feeds.loader import feed_files
from campaign_cdp.settings import feeds_dir

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON for other programs.")
limit_option = click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many, newest first."
)


class _FeedId(click.ParamType):
    """Any text, because the loader knows better what is wrong with it; the shell completes the feeds of the folder."""

    name = "feed"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = (path.stem for path in feed_files(feeds_dir()))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


FEED_ID: Final = _FeedId()
feed_option = click.option("--feed", type=FEED_ID, help="Only this feed.")


def write_json(body: object) -> None:
    """Write what programs read: times in ISO 8601 with their offset."""
    click.echo(json.dumps(body, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
