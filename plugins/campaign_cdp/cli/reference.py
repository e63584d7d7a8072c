"""Writes ``docs/reference/cli.md`` out of what ``--help`` says: ``python -m campaign_cdp.cli.reference``."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Final

import click

from campaign_cdp.cli.main import cdp

_WIDTH: Final = 120
_HEAD: Final = """\
# Command line

`cdp`, or `python -m campaign_cdp`. Generated from the commands' own help (`cdp COMMAND --help`); write it anew with
`python -m campaign_cdp.cli.reference > docs/reference/cli.md`.

| Exit code | Means |
|---|---|
| 0 | all is well |
| 1 | a problem: its code (`ACR-nnn`) and next step are on standard error, or the answer itself is bad news |
| 2 | the command was called wrongly |

* **For programs**: `--json` writes one JSON document to standard output; errors stay on standard error. Times are ISO
  8601 with their offset.
* **Connections** are looked up as Airflow does: secrets backend, `AIRFLOW_CONN_*`, metadata database. Commands that
  look at one ledger take `--conn`, or `--url` for a database that Airflow does not know.
* **Starting runs** (`runs start`, `runs preview`, `rejects replay`, `windows backfill`) needs Airflow's metadata
  database: run them where `airflow dags list` works. Each is in `cdp.audit` with the name of the user that ran it.
* **Progress** is drawn on standard error, and only if that is a terminal.
* **Completion** of commands, options and feeds: add one of these lines to the start-up file of your shell.

```bash
eval "$(_CDP_COMPLETE=bash_source cdp)"     # ~/.bashrc
eval "$(_CDP_COMPLETE=zsh_source cdp)"      # ~/.zshrc
_CDP_COMPLETE=fish_source cdp | source      # ~/.config/fish/config.fish
```
"""


def reference() -> str:
    """Return the page."""
    context = click.Context(cdp, info_name="cdp")
    return _HEAD + "".join(f"\n{part}" for part in _parts(cdp, context))


def _parts(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield _section(command, inner)
        if isinstance(command, click.Group):
            yield from _parts(command, inner)


def _section(command: click.Command, context: click.Context) -> str:
    depth = context.command_path.count(" ")
    words = [f"{'#' * (depth + 1)} {context.command_path}", _text(command)]
    if not isinstance(command, click.Group):
        usage = command.collect_usage_pieces(context)
        words.append(f"```text\n{' '.join([context.command_path, *usage])}\n```")
        words += filter(None, [_options(command, context)])
    return "\n\n".join(words) + "\n"


def _text(command: click.Command) -> str:
    """The help, in which a lone ``\\b`` heads lines that are left as they are."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return "\n\n".join(_verbatim(one) if one.startswith("\b") else _filled(one) for one in paragraphs)


def _filled(paragraph: str) -> str:
    return textwrap.fill(paragraph, _WIDTH, break_on_hyphens=False, break_long_words=False)


def _verbatim(paragraph: str) -> str:
    head, _, rest = paragraph.removeprefix("\b").strip("\n").partition("\n")
    return f"{head}\n\n```text\n{inspect.cleandoc(rest)}\n```" if rest else head


def _options(command: click.Command, context: click.Context) -> str:
    records = [record for one in command.get_params(context) if (record := one.get_help_record(context))]
    rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in records if text and "--help" not in name]
    return "\n".join(["| Option | |", "|---|---|", *rows]) if rows else ""


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


if __name__ == "__main__":
    click.echo(reference(), nl=False)
