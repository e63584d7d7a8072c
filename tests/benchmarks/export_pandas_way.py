"""Worker: pandas reads each log with the same query and writes it to a local file.

``python -m tests.benchmarks.export_pandas_way CONFIG`` with a JSON file that holds ``url`` (SQLAlchemy's), ``queries``
(by log), ``headers``, ``format`` and ``folder``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import create_engine


def main(config: dict[str, Any]) -> dict[str, Any]:
    phases: dict[str, float] = {}
    started, used, rows = time.perf_counter(), time.process_time(), 0

    def lap(name: str) -> None:
        phases[name] = time.perf_counter() - started - sum(phases.values())

    engine = create_engine(config["url"])
    for log, query in config["queries"].items():
        frame = pd.read_sql(query, engine)
        lap(f"read_sql {log}")
        frame.columns = config["headers"]
        _write(frame, config["format"], f"{config['folder']}/pandas_{log}")
        lap(f"write {log}")
        rows += len(frame)
        del frame
    used = time.process_time() - used
    return {"total_s": sum(phases.values()), "phases_s": phases, "rows": rows, "processor_s": used}


def _write(frame: pd.DataFrame, file_format: str, path: str) -> None:
    if file_format == "parquet":
        frame.to_parquet(f"{path}.parquet", compression="zstd", index=False)
    elif file_format == "jsonl":
        frame.to_json(f"{path}.json.gz", orient="records", lines=True, compression="gzip")
    else:
        frame.to_csv(f"{path}.csv.gz", index=False, compression="gzip")


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
