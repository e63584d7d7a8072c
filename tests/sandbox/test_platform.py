from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.file_sets.manifest import match_parts, read_manifest
from campaign_cdp.sandbox.audiences import Audience
from campaign_cdp.sandbox.platform import Destination, WrittenExport, export
from campaign_cdp.sandbox.spark_csv import SparkDialect
from campaign_cdp.sandbox.storages.local import LocalStorage

_AT = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
_GOLD = Destination("audiences/gold/", "Gold members", max_rows=40, dialect=SparkDialect(quote='"'))
_AUDIENCE = Audience(("crmId", "personalEmail.address"), "crmId", known=200, unchanged=70, new=20, duplicates=5)


class Recorder:
    """Keeps what was stored, in order."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __call__(self, key: str, path: Path) -> None:
        self.files[key] = path.read_bytes()


def _export(destination: Destination = _GOLD, audience: Audience = _AUDIENCE) -> tuple[WrittenExport, dict[str, bytes]]:
    recorder = Recorder()
    return export(audience, destination, recorder, scheduled_at=_AT), recorder.files


def test_names_and_splits_as_documented() -> None:
    written, files = _export()

    first = f"audiences/gold/amazon-s3_segment{_GOLD.segment_id}_20260304050607"
    assert [part.key for part in written.parts] == [f"{first}.csv", f"{first}_2.csv", f"{first}_3.csv"]
    assert [part.rows for part in written.parts] == [40, 40, 15]
    lines = [files[part.key].decode().splitlines() for part in written.parts]
    assert len({part[0] for part in lines}) == 1, "every part has the header"
    assert [len(part) - 1 for part in lines] == [40, 40, 15]


def test_manifest_lists_every_part_with_its_size() -> None:
    written, files = _export()

    assert written.manifest_key == f"audiences/gold/manifest-{_GOLD.destination_id}-{written.flow_run_id}.json"
    manifest = json.loads(files[written.manifest_key])
    assert manifest == {
        "flowRunId": written.flow_run_id,
        "scheduledTime": "2026-03-04T05:06:07Z",
        "exportResults": [
            {"sinkPath": "/audiences/gold", "name": part.key.rsplit("/", 1)[-1], "size": len(files[part.key])}
            for part in written.parts
        ],
    }


def test_the_project_reads_the_manifest() -> None:
    written, files = _export(replace(_GOLD, folder="gold/%SEGMENT_NAME%/%SEGMENT_ID%/"))
    objects = [StoredObject(key, len(body), "etag", _AT) for key, body in files.items()]

    manifest = read_manifest(files[written.manifest_key or ""], "test")
    parts, missing = match_parts(manifest, objects[-1], {obj.name: [obj] for obj in objects})

    assert [part.key for part in parts] == [part.key for part in written.parts]
    assert all(part.key.startswith(f"gold/Gold members/{_GOLD.segment_id}/") for part in parts)
    assert missing == ()


@pytest.mark.parametrize(("when", "place"), [("after", -1), ("before", 0), ("none", None)])
def test_manifest_comes_when_asked_for(when: Any, place: int | None) -> None:
    _, files = _export(replace(_GOLD, manifest=when))

    manifests = [place_of for place_of, key in enumerate(files) if "manifest-" in key]
    assert manifests == ([] if place is None else [place % len(files)])


def test_gzip_holds_the_same_lines() -> None:
    plain, plain_files = _export()
    packed, packed_files = _export(replace(_GOLD, compression="gzip"))

    assert [part.key for part in packed.parts] == [f"{part.key}.gz" for part in plain.parts]
    assert [gzip.decompress(packed_files[part.key]) for part in packed.parts] == [
        plain_files[part.key] for part in plain.parts
    ]


def test_equal_arguments_write_equal_bytes() -> None:
    destination = replace(_GOLD, compression="gzip")

    written, files = _export(destination)
    assert _export(destination) == (written, files)
    assert {files[part.key][4:8] for part in written.parts} == {bytes(4)}, "gzip's time stamp"
    later = export(_AUDIENCE, destination, Recorder(), scheduled_at=_AT.replace(day=5))
    assert later.flow_run_id != written.flow_run_id


def test_an_audience_of_nobody_is_a_header() -> None:
    written, files = _export(audience=Audience(("crmId",), "crmId", known=0))

    assert [part.rows for part in written.parts] == [0]
    assert re.fullmatch(rb"crmId,segmentMembership\S+status,segmentMembership\S+Time\n", files[written.parts[0].key])


def test_a_static_name_overwrites_the_former_export(tmp_path: Path) -> None:
    destination = replace(_GOLD, name="%DESTINATION%_%SEGMENT_ID%", manifest="none", max_rows=1000)

    for audience in (_AUDIENCE, replace(_AUDIENCE, unchanged=10)):
        export(audience, destination, LocalStorage(tmp_path).put, scheduled_at=_AT)

    (only,) = (tmp_path / "audiences/gold").iterdir()
    assert len(only.read_text(encoding="utf-8").splitlines()) == 1 + 35
