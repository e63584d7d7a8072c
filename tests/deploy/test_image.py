from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.deploy.composing import BIN, REPO

DOCKERFILE = REPO / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile and their arguments, each on one line."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def lint(dockerfile: Path) -> str:
    done = subprocess.run([str(BIN / "hadolint"), str(dockerfile)], capture_output=True, text=True, check=False)
    return done.stdout


def test_hadolint_has_nothing_to_say() -> None:
    assert lint(DOCKERFILE) == ""


def test_hadolint_would_say_something(tmp_path: Path) -> None:
    careless = tmp_path / "Dockerfile"
    careless.write_text(DOCKERFILE.read_text().replace("USER 50000:0", "USER root").replace(":3.11-slim-bookworm", ""))
    assert {"DL3002", "DL3006"} & set(re.findall(r"DL\d+", lint(careless)))


def test_what_is_installed_is_what_was_locked() -> None:
    pip = [arguments for name, arguments in instructions() if name == "RUN" and "pip install" in arguments]
    assert len(pip) == 2
    assert "--require-hashes -r /tmp/requirements.txt" in pip[0]
    assert "--only-binary :all:" in pip[0]
    assert "--no-deps --no-build-isolation --no-index" in pip[1]


def test_no_compiler_is_installed() -> None:
    installed = " ".join(arguments for name, arguments in instructions() if name == "RUN" and "apt-get" in arguments)
    assert not re.search(r"\b(gcc|g\+\+|clang|make|build-essential|[a-z0-9.+-]+-dev)\b", installed)
    assert "gpg" in installed.split()


def test_it_runs_without_root_and_with_a_first_process_that_buries_the_others() -> None:
    last = dict(instructions())
    assert last["USER"] == "50000:0"
    assert last["ENTRYPOINT"] == '["tini", "--"]'


def test_the_base_is_pinned_and_has_the_python_of_the_lock() -> None:
    base = next(text for name, text in instructions() if name == "ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=docker\.io/library/python:3\.11-slim-bookworm", base)
    assert "--python-version 3.11" in (REPO / "Makefile").read_text()


def test_the_build_sees_all_that_it_needs_and_nothing_else() -> None:
    lines = (REPO / ".dockerignore").read_text().splitlines()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]

    assert all((REPO / path).exists() for path in allowed)
    assert not [path for path in allowed if Path(path).parts[0] in {"tests", ".github", ".git", ".venv", "build"}]
