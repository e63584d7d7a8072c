from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign_cdp.sandbox.process import ServerProcess, launch, start_mark

_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ServerProcess]:
    process = launch(["sleep", "60"], cwd=tmp_path, log=tmp_path / "log")
    yield process
    process.stop(signal.SIGKILL)


def test_a_stopped_process_is_gone(sleeper: ServerProcess) -> None:
    assert sleeper.is_running

    assert sleeper.stop() is True

    assert not sleeper.is_running
    assert sleeper.stop() is False


def test_a_later_process_with_the_same_pid_is_left_alone(sleeper: ServerProcess) -> None:
    recorded = ServerProcess(sleeper.pid, "another-boot/12345")

    assert not recorded.is_running
    assert recorded.stop() is False
    assert sleeper.is_running


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    process = launch([sys.executable, "-c", _DEAF], cwd=tmp_path, log=tmp_path / "log")
    while process.is_running and not (tmp_path / "log").read_bytes():
        pass

    assert process.stop(timeout=0.2) is True
    assert not process.is_running


def test_a_kill_takes_the_whole_session_also_groups_of_their_own(tmp_path: Path) -> None:
    """Airflow's tasks are such groups."""
    group = "import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(60)"
    starter = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {group!r}])"
    process = launch([sys.executable, "-c", starter], cwd=tmp_path, log=tmp_path / "log")
    while process.is_running and not (tmp_path / "log").read_bytes().endswith(b"\n"):
        pass
    task = int((tmp_path / "log").read_text())
    assert os.getpgid(task) == task

    assert process.kill() is True

    assert start_mark(task) is None
    assert process.kill() is False


def test_an_ended_child_that_nobody_waited_for_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert start_mark(child.pid) is None
    child.wait()


def test_the_process_does_not_hear_the_terminals_interrupt(sleeper: ServerProcess) -> None:
    assert os.getsid(sleeper.pid) == sleeper.pid != os.getsid(0)
