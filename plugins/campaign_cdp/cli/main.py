"""``cdp``: the command line. Each group of commands is an entry point, so a group costs nothing until it is used."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import click

from campaign_cdp import __version__
from campaign_cdp.exceptions import SyncError


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(point.name for point in entry_points(group="campaign_cdp.commands"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        point = next(iter(entry_points(group="campaign_cdp.commands", name=name)), None)
        try:
            return point.load() if point else None
        except ModuleNotFoundError as err:
            if (err.name or "campaign_cdp").startswith("campaign_cdp"):
                raise
            return _missing(name, err)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SyncError as err:
            click.secho(str(err), fg="red", err=True)
            sys.exit(1)


def _missing(name: str, err: ModuleNotFoundError) -> click.Command:
    """A group whose packages are not there: of the sandbox, which a production system does without."""

    def refuse() -> None:
        raise click.ClickException(f"cdp {name} needs the package {err.name}: pip install 'campaign-cdp[{name}]'")

    return click.Command(
        name,
        callback=refuse,
        help=f"Not installed: pip install 'campaign-cdp[{name}]'",
        context_settings={"ignore_unknown_options": True},
        params=[click.Argument(["args"], nargs=-1, expose_value=False)],
    )


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cdp")
def cdp() -> None:
    """Audiences from Real-Time CDP into Adobe Campaign Classic, delivery events back.

    \b
    Start here:
      cdp feeds new gold_members --direction audience_import
      cdp feeds lint
      cdp ledger upgrade
      cdp doctor

    Exit code 0: all is well. 1: a problem, named on standard error or in the output. 2: the command was called wrongly.
    """
