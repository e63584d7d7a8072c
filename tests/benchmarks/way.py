"""What a way is: it prepares its template once, and each run works on a fresh copy of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.benchmarks.database import Databases
from tests.benchmarks.landing import LandingZone
from tests.benchmarks.measure import Finished
from tests.benchmarks.segment_file import SegmentFile

TEMPLATE: Final = "campaign_template"
REPO: Final = Path(__file__).resolve().parents[2]
#: Tasks of the Dag that are measured; ``file_transfer`` waits for files and opens the run before them.
TASKS: Final = ("data_loading", "deduplication", "reconciliation", "update_data")


@dataclass(frozen=True, slots=True)
class RunResult:
    """One measured run.

    :param seconds: without the start of Python and its imports.
    :param cpu_s: processor time of the programs, and of the servers.
    """

    seconds: float
    peak_rss_mb: float | None
    phases_s: dict[str, float]
    detail: dict[str, Any] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Servers:
    """The running servers.

    :param folder: for files of this benchmark.
    """

    folder: Path
    databases: Databases
    landing: LandingZone

    def config(self, name: str, **values: Any) -> str:
        """Write a worker's configuration, which holds passwords, and return its path."""
        path = self.folder / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(values), encoding="utf-8")
        return str(path)


@dataclass(frozen=True, slots=True)
class Bench(Servers):
    """What all ways work with.

    :param peers: folder of the peers' virtual environment.
    """

    file: SegmentFile
    peers: Path


class Way(ABC):
    """One way to bring the file into the database."""

    name: ClassVar[str]
    template: ClassVar[str] = TEMPLATE
    tables: ClassVar[tuple[str, ...]] = ("nmsrecipient", "nmsrcpgrprel")
    #: What this way does not do; empty if it does the whole job on the clean file.
    lacks: ClassVar[str] = ""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def prepare(self) -> None:  # noqa: B027  # most ways need nothing
        """Make the template and choose options; not measured."""

    @abstractmethod
    def run(self, dsn: str) -> RunResult:
        """Do the job on a fresh database."""

    @property
    def settings(self) -> dict[str, Any]:
        return {}


def worker_result(finished: Finished) -> dict[str, Any]:
    """Read the last line of a worker's output."""
    return json.loads(finished.output.strip().rsplit("\n", 1)[-1])
