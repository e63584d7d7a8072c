from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from tests.security.lock import LOCKS, READ, is_allowed, licence, locked, requirements


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_pinned_and_hashed_and_comes_from_the_index(lock: str) -> None:
    found = [one for one in locked() if one.lock == lock]
    assert len(found) > 20
    assert [one.text for one in found if one.pin is None or not one.hashes] == []


def test_the_locks_agree_on_versions() -> None:
    pins: dict[str, set[str]] = {}
    for name, version in (one.pin for one in locked() if one.pin and one.lock != "requirements-bench.txt"):
        pins.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


def test_what_is_installed_is_what_is_locked() -> None:
    wrong = {}
    for name, version in (one.pin for one in locked() if one.pin and one.lock == "requirements.txt"):
        try:
            if (found := metadata.version(name)) != version:
                wrong[name] = found
        except metadata.PackageNotFoundError:
            continue  # for another platform or Python
    assert wrong == {}


def test_every_licence_is_known_and_allowed() -> None:
    names = {one.pin[0] for one in locked() if one.pin} - READ.keys()
    licences = {name: words for name in sorted(names) if (words := licence(name)) is not None}
    assert len(licences) > 200
    assert {name: words for name, words in licences.items() if not is_allowed(words)} == {}


@pytest.mark.parametrize(
    "line",
    [
        "requests",
        "requests>=2",
        "requests @ https://example.com/requests.whl",
        "git+https://example.com/requests",
        "-e .",
        "--extra-index-url https://example.com/simple",
        "requests==2.*",
    ],
)
def test_anything_but_a_pin_would_be_noticed(line: str, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"{line} \\\n    --hash=sha256:{'0' * 64}\n    # via something\n")
    [found] = requirements(lock)
    assert found.pin is None


@pytest.mark.parametrize("words", ["", "GPL-3.0", "MIT AND AGPL-3.0-only", "Proprietary"])
def test_other_licences_would_be_noticed(words: str) -> None:
    assert not is_allowed(words)
