"""What all commands keep to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from campaign_cdp import __version__
from campaign_cdp.cli import main
from campaign_cdp.cli.main import cdp
from campaign_cdp.cli.reference import reference
from tests.cli.conftest import Run
from tests.conftest import REPO

#: Write files, start servers, or write what other programs read anyway.
_WITHOUT_JSON = {
    "feeds data-prep",
    "feeds new",
    "feeds schema",
    "sandbox demo",
    "sandbox env",
    "sandbox seed",
    "sandbox serve",
}


def commands(group: click.Group = cdp, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        full = f"{path} {name}".strip()
        yield full, command
        if isinstance(command, click.Group):
            yield from commands(command, full)


ALL = dict(commands())


def test_there_are_the_commands_that_the_docs_name() -> None:
    named = {"doctor", "runs list", "runs show", "windows backfill", "rejects replay", "feeds diff", "limits check"}

    assert named <= ALL.keys()
    assert not {"ledger runs", "ledger show", "ledger rejects"} & ALL.keys()


@pytest.mark.parametrize("path", ALL)
def test_every_command_has_help(run: Run, path: str) -> None:
    result = run(*path.split(), "--help")

    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: cdp {path}")
    assert ALL[path].help


def test_every_command_that_tells_facts_writes_json() -> None:
    leaves = {path: command for path, command in ALL.items() if not isinstance(command, click.Group)}

    without = {path for path, one in leaves.items() if not any("--json" in param.opts for param in one.params)}

    assert without == _WITHOUT_JSON


def test_groups_show_examples() -> None:
    groups = {path for path, one in ALL.items() if isinstance(one, click.Group)} - {"sandbox"}

    assert [path for path in sorted(groups) if "Examples:" not in (ALL[path].help or "")] == []


def test_reference_is_what_help_says() -> None:
    path = REPO / "docs" / "reference" / "cli.md"

    assert path.read_text(encoding="utf-8") == reference(), f"run: python -m campaign_cdp.cli.reference > {path}"


def test_version_and_unknown_commands(run: Run) -> None:
    assert run("--version").output == f"cdp, version {__version__}\n"
    assert run("dokter").exit_code == 2
    assert run("runs", "show", "--nope").exit_code == 2


def test_shell_completes_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gold.yaml", "golf.yml", "silver.yaml", "gone.txt"):
        (tmp_path / name).touch()
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))
    completion = ShellComplete(cdp, {}, "cdp", "_CDP_COMPLETE")

    def completed(*args: str, start: str) -> list[str]:
        return [item.value for item in completion.get_completions(list(args), start)]

    assert completed("runs", "start", start="go") == ["gold", "golf"]
    assert completed("windows", "list", "--feed", start="s") == ["silver"]
    assert completed("doctor", "gold", start="si") == ["silver"]
    assert "doctor" in completed(start="d")


def test_group_without_its_packages_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("sandbox", "no_such_package.commands:sandbox", "campaign_cdp.commands")
    monkeypatch.setattr(main, "entry_points", lambda **_: [point])

    listed, used = run("--help"), run("sandbox", "up", "--airflow")

    assert "Not installed: pip install 'campaign-cdp[sandbox]'" in listed.output
    assert used.exit_code == 1
    assert used.stderr.startswith("Error: cdp sandbox needs the package no_such_package: pip install")


def test_help_costs_no_airflow() -> None:
    code = "import sys; from campaign_cdp.cli.main import cdp; cdp(['--help'], standalone_mode=False); print(); "
    done = subprocess.run(
        [sys.executable, "-c", code + "import json; print(json.dumps([m for m in sys.modules if m == 'airflow']))"],
        env={"PYTHONPATH": str(REPO / "plugins"), "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_airflows_logs_never_mix_with_the_answer(tmp_path: Path) -> None:
    extra = {"endpoint_url": "http://127.0.0.1:1", "config_kwargs": {"retries": {"max_attempts": 0}}}
    zone = {"conn_type": "aws", "login": "a", "password": "b", "extra": extra}
    done = subprocess.run(
        [sys.executable, "-m", "campaign_cdp", "doctor", "loyalty_gold", "--json"],
        env=os.environ
        | {"PYTHONPATH": str(REPO / "plugins"), "AIRFLOW_HOME": str(tmp_path)}
        | {"AIRFLOW_CONN_LANDING_ZONE_S3": json.dumps(zone), "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert {one["subject"] for one in json.loads(done.stdout)["findings"]} >= {"feed files", "campaign_db", "airflow"}
    assert "AWS Connection" in done.stderr
