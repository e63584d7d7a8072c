"""What the tests of several workers start from: a cluster, a Campaign database, and file sets that tell what got lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from campaign_cdp.sandbox.cluster import AirflowCluster
from tests.operators.exporting import Export
from tests.operators.importing import Import, line

T = TypeVar("T")

#: Distinct people of a part, and how often each of its lines is repeated: much to read, little to apply.
PEOPLE, BAD = 200, 3


@dataclass(frozen=True, slots=True)
class Desk:
    """A running cluster and its two feeds, on one database and one bucket."""

    cluster: AirflowCluster
    imports: Import
    exports: Export

    def run(self, dag_id: str, *, seconds: float = 180) -> str:
        """Run a Dag to its end; returns the run's id."""
        run_id = self.cluster.trigger(dag_id)
        self.wait_for_end(dag_id, run_id, seconds=seconds)
        return run_id

    def wait_for_end(self, dag_id: str, run_id: str, *, seconds: float = 180) -> None:
        def ended() -> str | None:
            state = self.cluster.state(dag_id, run_id)
            return state if state in {"success", "failed"} else None

        assert await_condition(ended, seconds, "the end of the run", every=0.5) == "success"

    def tries(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All tries of all task instances, also those that were ended by a kill."""
        with self.cluster.client() as client:
            tasks = client.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances").json()["task_instances"]
            found = []
            for task in tasks:
                url = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task['task_id']}"
                url += f"/{task['map_index']}/tries" if task["map_index"] >= 0 else "/tries"
                found += client.get(url).raise_for_status().json()["task_instances"]
        return found

    def is_loading(self, worker: str) -> bool:
        """Whether a task of this worker is writing lines into a work table at this very moment."""
        ((copying,),) = self.imports.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
            " AND state = 'active' AND query LIKE 'COPY%%'",
            worker,
        )
        return bool(copying)


def await_condition(condition: Callable[[], T], seconds: float, what: str, *, every: float = 0.02) -> T:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:.0f} s"
        time.sleep(every)
    return found


def people(export: int, parts: int) -> list[tuple[str, str]]:
    """E-mail and name of everybody in an export of so many parts, as Campaign is to have them."""
    return sorted((f"p{part}-{n}@e{export}.io", f"Part{part}") for part in range(parts) for n in range(PEOPLE))


def part_lines(export: int, part: int, repeated: int) -> list[str]:
    """Lines of one part: its people again and again, and a few that are rejected."""
    good = [line(email, name=name) for email, name in people(export, part + 1) if name == f"Part{part}"]
    return [*(good * repeated), *(line(f"nobody-{part}-{n}") for n in range(BAD))]


def put_file_set(imports: Import, *, parts: int, repeated: int) -> list[tuple[str, str]]:
    """Let AEP write a file set; returns the people that Campaign is to have of it."""
    export = imports.exports + 1
    imports.export(*(part_lines(export, part, repeated) for part in range(parts)), zipped=True)
    return people(export, parts)
