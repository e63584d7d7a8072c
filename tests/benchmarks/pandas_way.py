"""Worker: pandas reads the clean file, drops duplicates and writes a staging table; then the same statements apply it.

``python -m tests.benchmarks.pandas_way CONFIG`` with a JSON file that holds ``dsn``, ``clean`` (file), ``method``
(``null`` or ``multi``), ``chunksize`` and the recorded ``statements``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, BigInteger, Boolean, Date, Engine, Text, create_engine
from sqlalchemy.dialects.postgresql import TIMESTAMP

_TYPES = {"tsbirth": Date(), "iblacklistemail": Boolean(), "qualified_at": TIMESTAMP(timezone=True)}


def main(config: dict[str, Any]) -> dict[str, Any]:
    phases: dict[str, float] = {}
    started = time.perf_counter()

    def lap(name: str) -> None:
        phases[name] = time.perf_counter() - started - sum(phases.values())

    frame = pd.read_csv(config["clean"], dtype={"smobilephone": str}, parse_dates=["tsbirth", "qualified_at"])
    lap("read_csv")
    frame = frame.sort_values("qualified_at", kind="stable").drop_duplicates("semail", keep="last")
    lap("drop_duplicates")
    dtype = {name: _TYPES.get(name, Text()) for name in frame.columns} | {"row_no": BigInteger()}
    frame.to_sql(
        "work_1",
        _engine(config["dsn"]),
        schema="cdp",
        if_exists="replace",
        index_label="row_no",
        dtype=dtype,
        method=config["method"],
        chunksize=config["chunksize"],
    )
    lap("to_sql")
    _apply(config)
    lap("apply")
    return {"total_s": sum(phases.values()), "phases_s": phases}


def _engine(dsn: str) -> Engine:
    part = conninfo_to_dict(dsn)
    url = URL.create(
        "postgresql+psycopg",
        username=str(part["user"]),
        password=str(part["password"]),
        host=str(part["host"]),
        port=int(part["port"] or 5432),
        database=str(part["dbname"]),
    )
    return create_engine(url)


def _apply(config: dict[str, Any]) -> None:
    with psycopg.connect(config["dsn"]) as conn:
        conn.execute(config["session"])
        conn.execute("ANALYZE cdp.work_1")
        for statement in (*config["statements"]["plan"], *config["statements"]["apply"]):
            conn.execute(statement)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
