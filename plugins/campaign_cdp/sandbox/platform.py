"""A stand-in for AEP's cloud-storage destination: it writes exports as Adobe documents them."""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from campaign_cdp.sandbox.audiences import Audience
from campaign_cdp.sandbox.export_names import DEFAULT_NAME, expand, part_name
from campaign_cdp.sandbox.pgp import PgpKeyPair
from campaign_cdp.sandbox.spark_csv import SparkDialect

#: Stores a finished local file under a key, as :meth:`OutsideStorage.put` does.
Sink = Callable[[str, Path], None]


def stable_uuid(*parts: str) -> str:
    """Return an id that depends on nothing but its parts."""
    return str(uuid.UUID(bytes=hashlib.sha256("\0".join(parts).encode()).digest()[:16], version=4))


@dataclass(frozen=True)
class Destination:
    """How one audience is exported.

    :param folder: key prefix; may end in ``%SEGMENT_NAME%/`` and ``%SEGMENT_ID%/``.
    :param name: template of the files' names, without ending.
    :param max_rows: lines per part; AEP's is five million.
    :param manifest: when the manifest is written; it is never encrypted.
    :param pgp: of its public key, which files are encrypted for.
    :param pgp_ending: added to the names of encrypted files; Adobe does not document which, or whether, it is.
    """

    folder: str
    segment_name: str
    name: str = DEFAULT_NAME
    destination: str = "amazon-s3"
    dialect: SparkDialect = field(default_factory=SparkDialect)
    compression: Literal["gzip", "none"] = "none"
    max_rows: int = 5_000_000
    manifest: Literal["after", "before", "none"] = "after"
    pgp: PgpKeyPair | None = None
    pgp_ending: str = ".gpg"

    @property
    def destination_id(self) -> str:
        return stable_uuid("destination", self.destination)

    @property
    def segment_id(self) -> str:
        return stable_uuid("segment", self.segment_name)

    @property
    def ending(self) -> str:
        packed = ".csv.gz" if self.compression == "gzip" else ".csv"
        return packed + (self.pgp_ending if self.pgp else "")

    def expand(self, template: str, at: datetime) -> str:
        macros = {
            "DESTINATION": self.destination,
            "DESTINATION_NAME": self.destination,
            "DESTINATION_INSTANCE_ID": self.destination_id,
            "DESTINATION_INSTANCE_NAME": self.destination,
            "SEGMENT_ID": self.segment_id,
            "SEGMENT_NAME": self.segment_name,
            "ORGANIZATION_NAME": "Sandbox",
            "SANDBOX_NAME": "prod",
            "CUSTOM_TEXT": "export",
        }
        return expand(template, macros, at)


@dataclass(frozen=True, slots=True)
class WrittenPart:
    key: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class WrittenExport:
    """What was written, and the truth about it (:meth:`Audience.truth`)."""

    flow_run_id: str
    scheduled_at: datetime
    parts: tuple[WrittenPart, ...]
    manifest_key: str | None
    truth: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "scheduled_at": self.scheduled_at.isoformat()}


def export(audience: Audience, destination: Destination, sink: Sink, *, scheduled_at: datetime) -> WrittenExport:
    """Write one export. Equal arguments write equal bytes, unless they are encrypted.

    :param scheduled_at: time of the export, aware; second precision.
    """
    at = scheduled_at.astimezone(UTC).replace(microsecond=0)
    run_id = stable_uuid("run", destination.destination_id, destination.segment_id, at.isoformat())
    folder = destination.expand(destination.folder, at)
    with tempfile.TemporaryDirectory(prefix="cdp-export-") as work:
        files = list(_write_parts(audience, destination, at, Path(work)))
        parts = tuple(WrittenPart(f"{folder}{path.name}", path.stat().st_size, rows) for path, rows in files)
        manifest = Path(work) / f"manifest-{destination.destination_id}-{run_id}.json"
        manifest.write_text(_manifest(run_id, at, folder, parts), encoding="utf-8")
        order = [(part.key, path) for part, (path, _) in zip(parts, files, strict=True)]
        if destination.manifest == "after":
            order.append((f"{folder}{manifest.name}", manifest))
        elif destination.manifest == "before":
            order.insert(0, (f"{folder}{manifest.name}", manifest))
        for key, path in order:
            sink(key, path)
    manifest_key = None if destination.manifest == "none" else f"{folder}{manifest.name}"
    return WrittenExport(run_id, at, parts, manifest_key, audience.truth())


def _write_parts(audience: Audience, destination: Destination, at: datetime, work: Path) -> Iterator[tuple[Path, int]]:
    """Write the parts one after the other; an audience without lines gives one file with a header."""
    lines = audience.lines(at)
    base = destination.expand(destination.name, at)
    number, first = 1, next(lines, None)
    while first is not None or number == 1:
        path = work / part_name(base, destination.ending, number)
        some = islice(chain([first] if first else [], lines), destination.max_rows)
        with ExitStack() as stack:
            out: BinaryIO = stack.enter_context(path.open("wb"))
            if destination.compression == "gzip":
                # Without a time and a name inside, equal content gives equal bytes.
                packed = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=out, mtime=0)
                out = cast("BinaryIO", stack.enter_context(packed))
            out.write(destination.dialect.header(audience.header).encode())
            rows = 0
            for rows, fields in enumerate(some, start=1):  # noqa: B007
                out.write(destination.dialect.line(fields).encode())
        if destination.pgp:
            plain = path.replace(work / "plain")
            destination.pgp.encrypt(plain, path)
            plain.unlink()
        yield path, rows
        number, first = number + 1, next(lines, None)


def _manifest(run_id: str, at: datetime, folder: str, parts: tuple[WrittenPart, ...]) -> str:
    sink_path = f"/{folder.rstrip('/')}"
    results = [{"sinkPath": sink_path, "name": part.key.rsplit("/", 1)[-1], "size": part.size} for part in parts]
    return json.dumps(
        {"flowRunId": run_id, "scheduledTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "exportResults": results}, indent=2
    )
