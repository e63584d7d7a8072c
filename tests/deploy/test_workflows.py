"""The workflows of continuous integration: what the linters cannot know, and that they would see what they should."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.composing import BIN, REPO

WORKFLOWS = sorted((REPO / ".github" / "workflows").glob("*.yaml"))


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return load(request.param)


def test_every_job_may_do_what_it_needs_and_ends(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["timeout-minutes"] <= 40
        assert job["runs-on"] == "ubuntu-24.04"


def test_actions_are_pinned_by_commit_and_say_their_version() -> None:
    for path in WORKFLOWS:
        used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
        assert used
        assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used), used


def test_targets_are_those_of_the_makefile(workflow: dict[str, Any]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = re.findall(r"make ([a-z -]+)", "\n".join(commands(workflow)))

    assert {"check", "docs", "test", "demo"} <= {name for names in called for name in names.split()} <= targets


def test_the_checks_of_the_deployment_are_a_part_of_make_check() -> None:
    done = subprocess.run(["make", "--dry-run", "check"], cwd=REPO, capture_output=True, text=True, check=False)
    assert {"hadolint", "zizmor", "vendor.compose-spec", "vendor.github-workflows"} <= set(
        re.findall(r"hadolint|zizmor|vendor\.[a-z-]+", done.stdout)
    )


def commands(workflow: dict[str, Any]) -> list[str]:
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def test_no_command_holds_an_expression(workflow: dict[str, Any]) -> None:
    """What comes from outside reaches a shell as a variable, or it could be a command."""
    assert not [command for command in commands(workflow) if "${{" in command]


def test_every_supported_python_is_tested() -> None:
    jobs = load(REPO / ".github" / "workflows" / "ci.yaml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_zizmor_would_say_something(tmp_path: Path) -> None:
    careless = WORKFLOWS[0].read_text(encoding="utf-8")
    careless = re.sub(r"@[0-9a-f]{40}", "@main", careless).replace('"$ZONE"', "${{ github.ref }}")
    (tmp_path / "ci.yaml").write_text(careless)
    command = [str(BIN / "zizmor"), "--offline", "--no-progress", "--format", "plain", str(tmp_path / "ci.yaml")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert {"unpinned-uses", "template-injection"} <= set(re.findall(r"\[([a-z-]+)\]", done.stdout))


def test_the_script_of_the_containers_can_be_run() -> None:
    script = REPO / "deploy" / "try-compose.sh"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
