"""Worker in the peers' environment: dlt merges the clean, duplicate-free file into its own table of people.

``python dlt_way.py CONFIG`` with a JSON file that holds ``url`` (of the database), ``file`` (CSV), ``pipelines``
(dlt's folder), ``disposition`` (``replace`` makes the table, ``merge`` is measured) and ``format``: Arrow batches, then
COPY of CSV (``csv``) or Parquet over ADBC (``parquet``), are dlt's quick ways into PostgreSQL.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
import pyarrow as pa
from pyarrow import csv

_BLOCK = 32 << 20


def batches(path: str) -> Iterator[pa.Table]:
    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(block_size=_BLOCK),
        convert_options=csv.ConvertOptions(column_types={"smobilephone": pa.string()}),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch])


def main(config: dict[str, Any]) -> dict[str, Any]:
    pipeline = dlt.pipeline(
        "people",
        pipelines_dir=config["pipelines"],
        destination=dlt.destinations.postgres(config["url"]),
        dataset_name="peer",
    )
    merge = {"disposition": "merge", "strategy": "delete-insert"}
    resource = dlt.resource(
        batches(config["file"]),
        name="people",
        primary_key="semail",
        write_disposition=merge if config["disposition"] == "merge" else config["disposition"],
    )
    phases: dict[str, float] = {}
    started = time.perf_counter()
    steps = {
        "extract": lambda: pipeline.extract(resource, loader_file_format=config["format"]),
        "normalize": pipeline.normalize,
        "load": pipeline.load,
    }
    for name, step in steps.items():
        step()
        phases[name] = time.perf_counter() - started - sum(phases.values())
    return {"total_s": sum(phases.values()), "phases_s": phases}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
