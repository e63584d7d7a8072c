"""Runs examinations side by side, each step of them within a time limit, and collects what they find."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from campaign_cdp.exceptions import SyncError

STEP_SECONDS: Final = 10.0
_CODE: Final = re.compile(r"(ACR-\d{3}) ")


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    :param subject: connection or part of the installation that was looked at.
    :param check: what was tried with it.
    :param code: of the error, whose page says more.
    """

    subject: str
    check: str
    status: Status
    text: str
    code: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class _OverError(Exception):
    """The examination cannot go on; why is among its findings."""


class Report:
    """What one examination found so far. What it says after it was given up is dropped.

    :param subject: what is examined.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.findings: list[Finding] = []
        self._changed = threading.Condition()
        self._check, self._since, self._is_over = "start", time.monotonic(), False

    @contextmanager
    def step(self, check: str) -> Iterator[None]:
        """Do one check; an error in it is a problem, and ends the examination."""
        with self._changed:
            self._check, self._since = check, time.monotonic()
            self._changed.notify_all()
        try:
            yield
        except SyncError as err:
            self.add(Status.PROBLEM, err.message, err.code)
            raise _OverError from err
        except _OverError:
            raise
        except Exception as err:
            self.add(Status.PROBLEM, f"Unexpected {type(err).__name__}: {str(err).strip() or 'no details'}")
            raise _OverError from err

    def add(self, status: Status, text: str, code: str | None = None) -> None:
        """Write down what the step of the moment found; a code at the head of the text is taken off it."""
        found = _CODE.match(text)
        if found:
            code, text = found[1], text[found.end() :]
        with self._changed:
            if not self._is_over:
                self.findings.append(Finding(self.subject, self._check, status, " ".join(text.split()), code))

    def ok(self, text: str) -> None:
        self.add(Status.OK, text)

    def warn(self, text: str) -> None:
        self.add(Status.WARNING, text)

    def problem(self, text: str) -> None:
        self.add(Status.PROBLEM, text)

    def run(self, examine: Callable[[Report], None]) -> None:
        """Examine, and tell who waits that it is over."""
        try:
            with self.step("start"):
                examine(self)
        except _OverError:
            pass
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until it is over, or until a step took longer than ``seconds``."""
        with self._changed:
            while not self._is_over:
                left = self._since + seconds - time.monotonic()
                if left <= 0:
                    self.add_unanswered(seconds)
                    return
                self._changed.wait(left)

    def add_unanswered(self, seconds: float) -> None:
        text = f"No answer within {seconds:g} s. Check host, port and firewall; what comes after it was not checked."
        self.findings.append(Finding(self.subject, self._check, Status.PROBLEM, text, "ACR-200"))
        self._is_over = True


@dataclass(frozen=True, slots=True)
class Examination:
    """Something to look at, in a thread of its own."""

    subject: str
    examine: Callable[[Report], None]


def examined(examinations: Iterable[Examination], seconds: float = STEP_SECONDS) -> Iterator[list[Finding]]:
    """Start all at once; yield the findings of each, in the order given.

    The threads are daemons: one that hangs in a connection does not hold up the end of the program.
    """
    reports = [(Report(one.subject), one.examine) for one in examinations]
    for report, examine in reports:
        threading.Thread(target=report.run, args=(examine,), daemon=True, name=f"doctor {report.subject}").start()
    for report, _ in reports:
        report.wait(seconds)
        yield report.findings
