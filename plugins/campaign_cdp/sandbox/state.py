"""What a sandbox remembers between two commands: ports, processes and generated passwords, in one private file."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.server import ServerRecord

_VERSION = 1
_PROJECT_DIR = Path(__file__).resolve().parents[3]


def project_dir() -> Path:
    """Folder of the project, or the current one where the package is installed without its project."""
    return _PROJECT_DIR if (_PROJECT_DIR / "pyproject.toml").exists() else Path.cwd()


def sandbox_dir() -> Path:
    """Folder of the sandbox: ``build/sandbox``; ``CDP_SANDBOX_DIR`` moves it."""
    return Path(os.environ.get("CDP_SANDBOX_DIR") or project_dir() / "build" / "sandbox").absolute()


class StateFile:
    """``state.json`` in a sandbox's folder, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "state.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands out while this one starts or stops servers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def load(self) -> dict[str, ServerRecord]:
        """Return the servers in the order in which they were first started.

        :raises SandboxError: if the file cannot be read.
        """
        if not self.path.exists():
            return {}
        try:
            servers = json.loads(self.path.read_text(encoding="utf-8"))["servers"]
            return {name: ServerRecord.from_json(record) for name, record in servers.items()}
        except (ValueError, KeyError, TypeError) as err:
            raise SandboxError(
                f"{self.path} is not a sandbox's state ({err}); its servers are unknown. Remove that folder."
            ) from err

    def save(self, servers: Mapping[str, ServerRecord]) -> None:
        """Replace the file whole, so that a killed command never leaves half of it."""
        data = {"version": _VERSION, "servers": {name: record.to_json() for name, record in servers.items()}}
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(data, indent=2), encoding="utf-8")
        fresh.replace(self.path)

    def remember(self, name: str, record: ServerRecord | None) -> None:
        """Write down what there is to know of a server; ``None`` forgets it."""
        self.save({known: kept for known, kept in {**self.load(), name: record}.items() if kept})
