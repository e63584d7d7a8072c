from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow.parquet as pq

from campaign_cdp.events.mapping import EventColumn, Kind
from campaign_cdp.events.parquet import as_parquet

COLUMNS = (
    EventColumn("event_id", "_id", Kind.STRING),
    EventColumn("event_time", "timestamp", Kind.TIMESTAMP),
    EventColumn("delivery_label", "_experience.campaign.deliveryLabel", Kind.STRING),
    EventColumn("sends", "directMarketing.sends.value", Kind.INTEGER),
    EventColumn("opens", "directMarketing.opens.value", Kind.INTEGER),
)


def rows(*chunks: bytes) -> list[dict[str, object]]:
    return pq.read_table(io.BytesIO(b"".join(as_parquet(COLUMNS)(chunks)))).to_pylist()


def test_columns_are_nested_by_their_paths():
    (row,) = rows(b'x1,2026-01-02T10:15:30.125Z,"a ""b""\nc",1,\n')

    assert row == {
        "_id": "x1",
        "timestamp": datetime(2026, 1, 2, 10, 15, 30, 125_000, UTC),
        "_experience": {"campaign": {"deliveryLabel": 'a "b"\nc'}},
        "directMarketing": {"sends": {"value": 1}, "opens": None},
    }


def test_object_without_any_value_is_absent():
    (row,) = rows(b"x1,2026-01-02T10:15:30.125Z,,,\n")

    assert (row["_experience"], row["directMarketing"]) == (None, None)


def test_chunks_become_one_file_in_their_order():
    found = rows(*(b"x%d,2026-01-02T10:15:30.000Z,,%d,\n" % (n, n) for n in range(5)))

    assert [row["_id"] for row in found] == ["x0", "x1", "x2", "x3", "x4"]
