"""Arguments of `cdp`: each that takes text gets whatever somebody could paste, on a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from campaign_cdp.cli.main import cdp
from tests.security.payloads import LINE_ENDS, LONG, SOME

TEXTS = [*SOME, LINE_ENDS["line end"], LONG, "../../../etc/passwd", "\x1b[2J"]
#: These start Airflow, or are about files that somebody names on purpose.
_NOT_HERE = {"doctor", "sandbox", "pools"}


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        elif not {*path, name} & _NOT_HERE:
            yield (*path, name)


def command(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cdp
    for name in path:
        assert isinstance(found, click.Group)
        child = found.get_command(click.Context(found), name)
        assert child is not None
        found = child
    return found


def calls(path: tuple[str, ...], text: str, url: str) -> Iterator[list[str]]:
    """Yield a call for each parameter that holds the text; the required others are good."""
    params = [one for one in command(path).params if one.name not in ("url", "conn_id")]
    has_url = any(one.name == "url" for one in command(path).params)
    for tried in (one for one in params if takes(one, text)):
        call = [*path, *(["--url", url] if has_url else [])]
        for one in params:
            if one is tried or one.required:
                call += [] if isinstance(one, click.Argument) else [one.opts[-1]]
                call += [text if one is tried else good(one)]
        yield call


def takes(param: click.Parameter, text: str) -> bool:
    """Numbers and choices are click's own to refuse: once is enough."""
    is_text = isinstance(param.type, click.types.StringParamType | click.Path) or param.type.name in {"feed", "time"}
    return not getattr(param, "is_flag", False) and (is_text or text == TEXTS[0])


def good(param: click.Parameter) -> str:
    if isinstance(param.type, click.Choice):
        return str(param.type.choices[0])
    return "1" if "INT" in str(param.type) or "IntRange" in str(param.type) else "loyalty_gold"


ALL = list(commands(cdp))


@pytest.fixture(autouse=True)
def nothing_else_is_written(tmp_path: Path, monkeypatch) -> Iterator[None]:
    for name in ("work", "feeds"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path / "feeds"))
    yield
    assert {path.name for path in tmp_path.iterdir()} == {"work", "feeds"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_argument_breaks_out_of_its_place(path: tuple[str, ...], target: str) -> None:
    for text in TEXTS:
        for call in calls(path, text, target):
            result = CliRunner().invoke(cdp, call)
            assert result.exit_code in (0, 1, 2), call
            assert result.exception is None or isinstance(result.exception, SystemExit), (call, result.exception)
            assert "Traceback" not in result.output
            assert "\x1b[2J" not in result.output


def test_many_commands_are_tried() -> None:
    assert len(ALL) > 15


def test_a_connection_is_looked_up_by_its_whole_name(target: str) -> None:
    for text in TEXTS:
        result = CliRunner().invoke(cdp, ["ledger", "current", "--conn", text])
        assert result.exit_code == 1, result.exception
        assert "\x1b" not in result.output
