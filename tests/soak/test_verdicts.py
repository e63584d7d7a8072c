from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.processes import held
from tests.soak.samples import Sample
from tests.soak.verdicts import verdicts

_STEPS = 100


def run_of(name: str, value: Callable[[int], float]) -> list[Sample]:
    """Samples of an hour in which 100 file sets were applied one after the other."""
    return [{"seconds": n * 36.0, "applied runs": n, name: value(n)} for n in range(_STEPS + 1)]


@pytest.mark.parametrize(
    ("name", "value", "leaks"),
    [
        pytest.param("memory MB of carrier", lambda n: 120 + 0.9 * n, True, id="memory-grows"),
        pytest.param("memory MB of carrier", lambda n: 120 + 80 * (n > 10), False, id="memory-of-imports"),
        pytest.param("memory MB of carrier", lambda n: 190 + 30 * (n % 7 == 0), False, id="memory-with-peaks"),
        pytest.param("memory MB of carrier", lambda n: 190 + 60 * (n == 100), False, id="memory-peak-at-the-end"),
        pytest.param("handles of carrier", lambda n: 12 + n, True, id="handle-a-file-set"),
        pytest.param("threads of triggerer", lambda n: 10 + n // 5, True, id="threads-grow"),
        pytest.param("connections idle", lambda n: n // 4, True, id="idle-connections-grow"),
        pytest.param("work tables", lambda n: 25 * (n < 100), False, id="tables-while-it-runs"),
        pytest.param("work tables", lambda n: n == 100, True, id="one-table-left"),
        pytest.param("zombies", lambda n: n // 50, True, id="zombies-left"),
        pytest.param("ledger rows", lambda n: 9 * n, False, id="rows-of-each-run"),
        pytest.param("ledger rows", lambda n: n * n, True, id="more-rows-each-run"),
    ],
)
def test_what_keeps_growing_is_a_leak_and_what_comes_and_goes_is_none(
    name: str, value: Callable[[int], float], leaks: bool
) -> None:
    verdict = verdicts(run_of(name, value))[name]

    assert verdict.leak is leaks
    assert verdict.max >= verdict.start


def test_open_files_of_a_process_are_counted(tmp_path: Path) -> None:
    before = held(os.getpid(), min_age=0).handles
    files = [(tmp_path / str(number)).open("w") for number in range(20)]

    try:
        assert held(os.getpid(), min_age=0).handles >= before + 20
    finally:
        for file in files:
            file.close()


def test_ended_child_that_nobody_waits_for_is_a_zombie() -> None:
    before = held(os.getpid(), min_age=0).zombies  # other tests may have left some
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    try:
        assert held(os.getpid(), min_age=0).zombies == before + 1
    finally:
        os.waitpid(pid, 0)
    assert held(os.getpid(), min_age=0).zombies == before
