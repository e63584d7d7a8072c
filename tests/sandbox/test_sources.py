from __future__ import annotations

import gzip
import io
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from campaign_cdp.events.layout import feed_mappings, flat_columns
from campaign_cdp.feeds.loader import event_feed
from campaign_cdp.sandbox.feed_sources import dataflow_for
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.source_events import MAX_EVENT_BYTES
from campaign_cdp.sandbox.source_files import BadFileError, check_object
from campaign_cdp.sandbox.source_memory import SourcesMemory
from campaign_cdp.sandbox.sources import DataflowRun, SourcesDataflow
from campaign_cdp.sandbox.storages import OutsideObject
from campaign_cdp.sandbox.storages.s3 import S3Storage
from tests.conftest import Bucket

_MAPPING = [
    {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}
    for source, destination in (
        ("event_id", "_id"),
        ("event_time", "timestamp"),
        ("event_type", "eventType"),
        ("reason_message", "_experience.campaign.reasonMessage"),
        ("is_seed", "_experience.campaign.seedMember"),
        ("sends", "directMarketing.sends.value"),
    )
]
_HEADER = "event_id,event_time,event_type,reason_message,is_seed,sends"
_GOOD = "{id},2026-01-02T10:15:30.000Z,directMarketing.emailSent,,false,1"


def _line(number: int, **changes: str) -> str:
    values = dict(zip(_HEADER.split(","), _GOOD.format(id=f"e{number}").split(","), strict=True))
    return ",".join({**values, **changes}.values())


def _csv(*lines: str, header: str = _HEADER) -> bytes:
    return ("\r\n".join([header, *lines]) + "\r\n").encode()


def _many(first: int, count: int) -> list[str]:
    return [_line(number) for number in range(first, first + count)]


def _event(number: int, **changes: Any) -> dict[str, Any]:
    event = {
        "_id": f"e{number}",
        "timestamp": "2026-01-02T10:15:30.000Z",
        "eventType": "directMarketing.emailOpened",
        "directMarketing": {"opens": {"value": 1}},
        "identityMap": {"CRMID": [{"id": "C0000001", "primary": True}]},
    }
    return {name: value for name, value in (event | changes).items() if value is not None}


def _json_lines(*events: dict[str, Any]) -> bytes:
    return "".join(f"{json.dumps(event)}\n" for event in events).encode()


def _soon() -> datetime:
    """Behind the last-modified time of what was just stored."""
    return datetime.now(UTC) + timedelta(seconds=2)


@dataclass(frozen=True)
class Folder:
    """A test's own folder; a bucket for each test would take longer than the tests."""

    bucket: Bucket
    prefix: str

    def put(self, name: str, body: bytes) -> datetime:
        """Store a file and return when it was last modified."""
        at = {"Bucket": self.bucket.name, "Key": f"{self.prefix}{name}"}
        self.bucket.client.put_object(**at, Body=body)
        return self.bucket.client.head_object(**at)["LastModified"]

    def put_not_before(self, moment: datetime, name: str, body: bytes) -> None:
        """Store a file, again and again until it was last modified at ``moment`` or later."""
        while self.put(name, body) < moment:
            pass

    def flow(self, fmt: Any = "csv", compression: Any = "none", **others: Any) -> SourcesDataflow:
        mapping = _MAPPING if fmt == "csv" else ()
        return SourcesDataflow(
            S3Storage(self.bucket.client, self.bucket.name), self.prefix, fmt, compression, mapping=mapping, **others
        )


@pytest.fixture(scope="module")
def shared_bucket(s3_server: S3Server) -> Bucket:
    client = s3_server.client()
    client.create_bucket(Bucket="test-sources")
    return Bucket("test-sources", client, s3_server)


@pytest.fixture
def folder(shared_bucket: Bucket) -> Folder:
    return Folder(shared_bucket, f"{uuid.uuid4().hex}/")


def _verdict(run: DataflowRun) -> tuple[str, int, int, dict[str, int]]:
    return run.status, run.accepted, run.rejected, run.reasons


def test_takes_good_csv_files_from_all_sub_folders(folder: Folder) -> None:
    flow = folder.flow()
    opened = _line(4, event_type="directMarketing.emailOpened", reason_message='"said ""no"",\r\nthen left"')
    folder.put("a.csv", _csv(_line(1), _line(2)))
    folder.put("2026/01/b.csv", _csv(_line(3), opened))

    run = flow.run(_soon())

    assert _verdict(run) == ("success", 4, 0, {})
    assert run.events == {"directMarketing.emailSent": 3, "directMarketing.emailOpened": 1}
    assert {file.key: file.rows for file in run.files} == {
        f"{folder.prefix}a.csv": 2,
        f"{folder.prefix}2026/01/b.csv": 2,
    }


def test_takes_gzipped_json_lines(folder: Folder) -> None:
    folder.put("a.json.gz", gzip.compress(_json_lines(*(_event(number) for number in range(5)))))

    run = folder.flow("jsonl", "gzip").run(_soon())

    assert _verdict(run) == ("success", 5, 0, {})


def test_takes_xdm_shaped_parquet(folder: Folder) -> None:
    rows = [
        {
            "_id": f"e{number}",
            "timestamp": datetime(2026, 1, 2, tzinfo=UTC),
            "directMarketing": {
                "clicks": {"value": 1.0} if number else None,
                "opens": None if number else {"value": 1.0},
            },
        }
        for number in range(3)
    ]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    folder.put("a.parquet", file.getvalue())

    run = folder.flow("parquet", "gzip").run(_soon())

    assert _verdict(run) == ("success", 3, 0, {})
    assert run.events == {"directMarketing.opens": 1, "directMarketing.clicks": 2}


# -- Windows -------------------------------------------------------------------------------------------------------


def test_a_file_is_taken_once(folder: Folder) -> None:
    flow = folder.flow()
    folder.put("a.csv", _csv(_line(1)))
    first = flow.run(_soon())
    again = flow.run(_soon() + timedelta(seconds=5))

    assert (first.window[0], again.window[0]) == (None, first.window[1])
    assert _verdict(again) == ("success", 0, 0, {})
    assert again.files == ()


def test_a_file_behind_the_window_is_taken_by_the_next_run(folder: Folder) -> None:
    flow = folder.flow()
    modified = folder.put("late.csv", _csv(_line(1)))

    early, later = flow.run(modified), flow.run(modified + timedelta(seconds=1))

    assert early.files == (), "the second in which it was stored was not over"
    assert [file.key for file in later.files] == [f"{folder.prefix}late.csv"]


def test_a_file_that_is_written_again_comes_twice(folder: Folder) -> None:
    flow = folder.flow()
    body = _csv(_line(1), _line(2))
    first = flow.run(folder.put("a.csv", body) + timedelta(seconds=1))
    folder.put_not_before(first.window[1], "a.csv", body)

    again = flow.run(_soon())

    assert (first.accepted, [file.key for file in again.files]) == (2, [f"{folder.prefix}a.csv"])
    assert _verdict(again) == ("success", 0, 2, {"duplicate_id": 2}), "AEP does not mind, its lake holds them twice"
    assert again.samples == {"duplicate_id": f"{folder.prefix}a.csv, row 1: e1"}


def test_one_event_in_two_files_is_found(folder: Folder) -> None:
    flow = folder.flow()
    folder.put("a.csv", _csv(_line(1), _line(2)))
    folder.put("b.csv", _csv(_line(2)))

    assert _verdict(flow.run(_soon())) == ("success", 2, 1, {"duplicate_id": 1})


def test_memory_outlives_the_process(folder: Folder, tmp_path: Path) -> None:
    def run() -> DataflowRun:
        memory = SourcesMemory(tmp_path / "memory")
        flow = folder.flow(memory=memory)
        return flow.run(_soon())

    folder.put("a.csv", _csv(*_many(1, 30)))
    first = run()
    folder.put("b.csv", _csv(*_many(31, 5)))
    second = run()

    assert second.window[0] == first.window[1]
    assert len(SourcesMemory(tmp_path / "memory")) == first.accepted + second.accepted
    assert SourcesMemory(tmp_path / "memory").columns == tuple(_HEADER.split(","))


# -- Files that cannot be taken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        pytest.param(b"", "empty_file", "no bytes", id="no_bytes"),
        pytest.param(
            _csv(_line(2), header=_HEADER.title()), "bad_header", "'Event_Id' must be lower-case", id="capitals"
        ),
        pytest.param(_csv(header=_HEADER.replace("sends", "a.b")), "bad_header", "'a.b' must be", id="dot"),
        pytest.param(_csv(header=f"{_HEADER},timestamp"), "bad_header", "own language", id="reserved"),
        pytest.param(_csv(header=f"{_HEADER},sends"), "bad_header", "twice", id="twice"),
        pytest.param(_csv(header="event_id"), "bad_header", "not there", id="unmapped"),
        pytest.param(b"\r\n", "bad_header", "not there", id="no_header"),
        pytest.param(_csv(header=f"{_HEADER},more"), "other_columns", "['more']", id="other_columns"),
        pytest.param(_csv('e,"a"b'), "damaged", "RFC 4180", id="quoting"),
        pytest.param(_csv(_line(2)).replace(b"Sent", b"\xff"), "not_utf8", "UTF-8", id="latin"),
        pytest.param(gzip.compress(_csv(_line(2))), "bad_compression", "compression", id="packed"),
    ],
)
def test_one_bad_file_fails_the_batch(folder: Folder, body: bytes, reason: str, words: str) -> None:
    memory = SourcesMemory()
    memory.keep(_soon() - timedelta(hours=1), tuple(_HEADER.split(",")), [])
    flow = folder.flow(memory=memory)
    folder.put("bad.csv", body)

    run = flow.run(_soon())

    assert (run.status, run.accepted, run.reasons) == ("failed", 0, {reason: 1})
    assert words in run.samples[reason]
    assert [file.problem for file in run.files] == [reason]


def test_good_rows_of_a_failed_batch_are_rejected_too(folder: Folder) -> None:
    flow = folder.flow()
    folder.put("a.csv", _csv(_line(1), _line(2)))
    folder.put("b.csv", b"")

    run = flow.run(_soon())

    assert _verdict(run) == ("failed", 0, 2, {"empty_file": 1})
    assert run.events == {}


@pytest.mark.parametrize("keep", [20, 40])
def test_cut_off_gzip_is_found(folder: Folder, keep: int) -> None:
    folder.put("a.csv.gz", gzip.compress(_csv(*_many(1, 50)))[:-keep])

    flow = folder.flow("csv", "gzip")

    assert flow.run(_soon()).reasons == {"damaged": 1}


@pytest.mark.parametrize("name", ["10:15.csv", "a*b.csv", "NUL.csv", "2026/lpt1/a.csv"])
def test_illegal_names_are_found(folder: Folder, name: str) -> None:
    flow = folder.flow()
    folder.put(name, _csv(_line(1)))

    assert _verdict(flow.run(_soon())) == ("failed", 0, 0, {"bad_name": 1})


def test_names_have_at_most_255_characters() -> None:
    check_object(OutsideObject("events/" + "x" * 255, 1, _soon()), "events/")

    with pytest.raises(BadFileError, match="no legal file name"):
        check_object(OutsideObject("events/" + "x" * 256, 1, _soon()), "events/")


def test_a_run_takes_only_so_many_files(folder: Folder) -> None:
    flow = folder.flow(max_files=2)
    folder.put("a.csv", _csv(_line(1)))
    folder.put("b.csv", _csv(_line(2)))

    assert _verdict(flow.run(_soon())) == ("failed", 0, 0, {"too_many_files": 1})


# -- Rows that are not accepted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(_line(0, event_id=""), "missing_id", id="no_id"),
        pytest.param(_line(0, event_time=""), "missing_timestamp", id="no_time"),
        pytest.param(_line(0, event_time="2026-01-02T10:15:30"), "bad_timestamp", id="no_zone"),
        pytest.param(_line(0, event_time="2026-01-02 10:15:30Z"), "bad_timestamp", id="blank"),
        pytest.param(_line(0, event_time="2026-02-30T10:15:30Z"), "bad_timestamp", id="no_day"),
        pytest.param(_line(0, event_time="2999-01-02T10:15:30Z"), "bad_timestamp", id="future"),
        pytest.param(_line(0, event_time="1969-12-31T23:59:59Z"), "bad_timestamp", id="before_1970"),
        pytest.param(_line(0, is_seed="0"), "bad_value", id="boolean"),
        pytest.param(_line(0, sends="one"), "bad_value", id="number"),
        pytest.param(_line(0) + ",more", "ragged_row", id="long"),
        pytest.param("e0", "ragged_row", id="short"),
        pytest.param("", "ragged_row", id="blank_line"),
        pytest.param(_line(0, event_id="instance:1"), "invalid_xdm", id="colon"),
        pytest.param(_line(0, event_type="directMarketing.emailSend"), "invalid_xdm", id="event_type"),
        pytest.param(_line(0, reason_message="x" * MAX_EVENT_BYTES), "too_large", id="large"),
    ],
)
def test_bad_csv_rows_are_rejected(folder: Folder, row: str, reason: str) -> None:
    flow = folder.flow()
    folder.put("a.csv", _csv(*_many(1, 30), row))

    run = flow.run(_soon())

    assert _verdict(run) == ("success", 30, 1, {reason: 1})
    assert run.samples[reason].startswith(f"{folder.prefix}a.csv, row 31: ")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"_id": \n', "bad_json", id="cut_off"),
        pytest.param(b"[]\n", "bad_json", id="no_object"),
        pytest.param(_json_lines(_event(0, _id=7)), "invalid_xdm", id="number_as_id"),
        pytest.param(_json_lines(_event(0, timestamp=1767348930000)), "bad_timestamp", id="epoch"),
        pytest.param(_json_lines(_event(0, directMarketing={"opens": 1})), "invalid_xdm", id="no_measure"),
        pytest.param(
            _json_lines(_event(0, _experience={"campaign": {"deliveryID": 42}})), "invalid_xdm", id="number_as_delivery"
        ),
        pytest.param(
            _json_lines(_event(0, _experience={"campaign": {"seedMember": "false"}})),
            "invalid_xdm",
            id="text_as_boolean",
        ),
        pytest.param(_json_lines(_event(0, event_type="x")), "invalid_xdm", id="unknown_field"),
        pytest.param(_json_lines(_event(0, identityMap={"CRMID": {"id": "1"}})), "invalid_xdm", id="identity"),
    ],
)
def test_bad_json_lines_are_rejected(folder: Folder, line: bytes, reason: str) -> None:
    json_flow = folder.flow("jsonl")
    folder.put("a.json", _json_lines(*(_event(number) for number in range(1, 31))) + line)

    assert _verdict(json_flow.run(_soon())) == ("success", 30, 1, {reason: 1})


@pytest.mark.parametrize(("bad", "status"), [(5, "success"), (6, "failed")])
def test_more_than_five_percent_bad_rows_fail_the_batch(folder: Folder, bad: int, status: str) -> None:
    flow = folder.flow()
    lines = _many(1, 100 - bad) + [_line(number, event_time="") for number in range(bad)]
    folder.put("a.csv", _csv(*lines))

    run = flow.run(_soon())

    assert run.status == status
    assert run.accepted == (100 - bad if status == "success" else 0)
    assert run.accepted + run.rejected == 100


def test_events_of_a_failed_batch_may_come_again(folder: Folder) -> None:
    flow = folder.flow()
    modified = folder.put("a.csv", _csv(_line(1), _line(2, event_time="")))
    first = flow.run(modified + timedelta(seconds=1))
    folder.put_not_before(first.window[1], "b.csv", _csv(_line(1)))

    assert first.status == "failed"
    assert _verdict(flow.run(_soon())) == ("success", 1, 0, {})


def test_the_feeds_mapping_fits_the_feeds_header(folder: Folder) -> None:
    feed = event_feed("delivery_events")
    zone = feed.landing_zone.model_copy(update={"bucket": folder.bucket.name, "prefix": folder.prefix})
    columns = flat_columns(feed_mappings(feed), feed)
    values = {"event_id": "e1", "event_time": "2026-01-02T10:15:30.000Z", "sends": "1", "delivery_id": "42"}
    lines = [[column.header for column in columns], [values.get(column.header, "") for column in columns]]
    folder.put("a.csv.gz", gzip.compress("".join(f"{','.join(fields)}\r\n" for fields in lines).encode()))

    run = dataflow_for(
        feed.model_copy(update={"landing_zone": zone}), S3Storage(folder.bucket.client, folder.bucket.name)
    ).run(_soon())

    assert _verdict(run) == ("success", 1, 0, {})
    assert run.events == {"directMarketing.sends": 1}
