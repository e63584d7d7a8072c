"""What it costs to parse the Dag files of many feeds: in the Dag processor, and in the process of one task."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.soak.environment import REPO, airflow_environment
from tests.soak.feeds import Numbers, write_feeds

_ROUNDS: Final = 5
#: Parses what it is given, and writes seconds and memory. Imports of Airflow are not counted.
_PROGRAM: Final = """
import json, resource, sys, time
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
import campaign_cdp.operators.update_data, campaign_cdp.operators.data_extraction, campaign_cdp.operators.publication
import campaign_cdp.sensors.file_set, campaign_cdp.sensors.landing_check, campaign_cdp.notifiers.feed
import campaign_cdp.operators.read_limits, campaign_cdp.feeds.loader
def memory(mark):
    return int(Path("/proc/self/status").read_text().partition(mark + ":")[2].split()[0]) / 1024
before, started, used = memory("VmRSS"), time.perf_counter(), time.process_time()
bag = DagBag(sys.argv[1], load_op_links=False, safe_mode=sys.argv[2] == "all")
print("RESULT" + json.dumps({
    "seconds": time.perf_counter() - started,
    "cpu_s": time.process_time() - used,
    "mb": memory("VmHWM") - before,
    "dags": len(bag.dags),
    "errors": list(bag.import_errors.values()),
}))
"""


def measured(folder: Path, feeds: int) -> dict[str, Any]:
    """Parse ``feeds`` generated feeds.

    ``task`` is the process of one task; ``task_of_all_feeds`` is the same if it read every feed file.
    """
    generated = write_feeds(folder, Numbers.of(feeds))
    only = {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": f"audience_import__{generated[0].id}"}
    one_file = REPO / "dags" / "audience_import.py"
    return {
        "feeds": feeds,
        "dag_processor": _parsed(REPO / "dags", folder, {}, "all"),
        "task_of_all_feeds": _parsed(one_file, folder, {}, "one"),
        "task": _parsed(one_file, folder, only, "one"),
    }


def _parsed(dags: Path, feeds: Path, context: dict[str, str], mode: str) -> dict[str, Any]:
    runs = [_run(dags, {"CDP_FEEDS_DIR": str(feeds), **context}, mode) for _ in range(_ROUNDS)]
    if errors := runs[0]["errors"]:
        raise SystemExit("\n".join(errors))
    middle = {name: round(median(run[name] for run in runs), 3) for name in ("seconds", "cpu_s", "mb")}
    return {**middle, "dags": runs[0]["dags"]}


def _run(dags: Path, variables: dict[str, str], mode: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(dags), mode],
        env=airflow_environment(variables),
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Parsing {dags} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT")[2])
    return found
