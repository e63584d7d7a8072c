"""AEP's manifest: which files an export run wrote, with their sizes.

Neither the manifest's own folder nor what ``sinkPath`` is relative to is documented, so a part is looked for by name
anywhere below the feed's prefix, and folders only decide between files of the same name.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from campaign_cdp.exceptions import ManifestError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.file_sets.part_names import split_part_name

_MANIFEST_NAME = re.compile(r"^manifest-.+\.json$")


def is_manifest(name: str) -> bool:
    return _MANIFEST_NAME.match(name) is not None


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


def _last_step(path: str) -> str:
    """Refuse what no storage can hold, because the database could not hold a message about it either."""
    path.encode()  # half a character is a ValueError
    if "\0" in path:
        raise ValueError("holds a NUL character")
    return path.rsplit("/", 1)[-1]


class ExportResult(_Read):
    """One file of the export. ``size`` is in bytes as stored."""

    name: Annotated[str, AfterValidator(_last_step), Field(min_length=1)]
    size: int = Field(ge=0)
    sink_path: str = Field(default="", alias="sinkPath")


def _in_utc(time: datetime | None) -> datetime | None:
    """A time without zone is UTC to AEP."""
    if time is None or time.tzinfo is None:
        return time and time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("is before or after all times in UTC") from None


class Manifest(_Read):
    """The fields of a manifest that matter here; a run without rows may list no files."""

    # The id becomes part of a folder name when files are historised.
    flow_run_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]{0,99}$")] = Field(alias="flowRunId")
    scheduled_time: Annotated[datetime | None, AfterValidator(_in_utc)] = Field(default=None, alias="scheduledTime")
    export_results: Annotated[tuple[ExportResult, ...], BeforeValidator(lambda v: v or ())] = Field(
        default=(), alias="exportResults"
    )

    @model_validator(mode="before")
    @classmethod
    def _flat_size(cls, data: Any) -> Any:
        # The documentation shows ``size`` beside exportResults, Adobe's sample inside each entry.
        match data:
            case {"size": size, "exportResults": [dict(only)]}:
                return {**data, "exportResults": [{"size": size, **only}]}
        return data

    def ordered_at(self, fallback: datetime) -> datetime:
        """``scheduledTime`` in UTC."""
        return self.scheduled_time or fallback

    def entries(self) -> list[ExportResult]:
        """Files in part order: 1, 2, ... 10, whatever the order in the manifest."""
        first_seen: dict[tuple[str, str], int] = {}
        for at, entry in enumerate(self.export_results):
            first_seen.setdefault(split_part_name(entry.name).series, at)

        def order(entry: ExportResult) -> tuple[int, int]:
            part = split_part_name(entry.name)
            return first_seen[part.series], part.number

        return sorted(self.export_results, key=order)


def read_manifest(body: bytes, where: str) -> Manifest:
    """Parse a manifest.

    :param where: its URL, for the message.
    :raises ManifestError: if it is not JSON or lacks something; waiting cannot fix it.
    """
    try:
        return Manifest.model_validate(_document(body))
    except ValidationError as err:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in err.errors()[:3])
        raise _unusable(where, body, reasons) from None  # pydantic's words quote what it found
    except (ValueError, RecursionError) as err:
        raise _unusable(where, body, str(err)) from err


def _document(body: bytes) -> Any:
    text = body.removeprefix(codecs.BOM_UTF8).decode()
    return json.loads(text, object_pairs_hook=_without_repeats)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON's readers take the last of two equal keys; with two lists of files, one would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _unusable(where: str, body: bytes, reasons: str) -> ManifestError:
    return ManifestError(
        f"{where} ({len(body):,} bytes) is not a manifest: {reasons}. Its export is not loaded. "
        "Have AEP write it again, or remove it."
    )


def match_parts(
    manifest: Manifest, obj: StoredObject, named: Mapping[str, Sequence[StoredObject]]
) -> tuple[tuple[StoredObject, ...], tuple[str, ...]]:
    """Return the listed parts that are there, in part order, and what is missing, in words.

    A file whose size is not the listed one is not there yet.

    :param obj: the manifest's own object.
    :param named: what exists below the feed's prefix, by name.
    :raises ManifestError: if a name fits several files equally well, or two entries fit the same file.
    """
    parts: dict[str, StoredObject] = {}
    missing: list[str] = []
    for entry in manifest.entries():
        sized = [candidate for candidate in named.get(entry.name, ()) if candidate.size == entry.size]
        if not sized:
            sizes = ", ".join(f"{candidate.size:,}" for candidate in named.get(entry.name, ()))
            missing.append(f"{entry.name} ({entry.size:,} bytes{f', found {sizes}' if sizes else ''})")
            continue
        part = _nearest(sized, entry, obj)
        if part.key in parts:
            raise ManifestError(
                f"{obj.key} lists {entry.name} twice and there is one such file, {part.key}. "
                "The file set is not loaded. Have AEP export again."
            )
        parts[part.key] = part
    return tuple(parts.values()), tuple(missing)


def _nearest(sized: Sequence[StoredObject], entry: ExportResult, obj: StoredObject) -> StoredObject:
    ranked = sorted(((_rank(candidate.key, entry.sink_path, obj.key), candidate) for candidate in sized), key=_by_rank)
    if len(ranked) > 1 and ranked[-1][0] == ranked[-2][0]:
        keys = " and ".join(sorted(candidate.key for rank, candidate in ranked if rank == ranked[-1][0]))
        raise ManifestError(
            f"{obj.key} lists {entry.name}, which could be {keys}. The file set is not loaded. "
            "Give every feed its own folder, or remove the copy."
        )
    return ranked[-1][1]


def _by_rank(ranked: tuple[tuple[int, int], StoredObject]) -> tuple[int, int]:
    return ranked[0]


def _rank(key: str, sink_path: str, manifest_key: str) -> tuple[int, int]:
    """Higher is nearer: folders shared with the end of sinkPath, then steps away from the manifest's folder."""
    folder, home = key.split("/")[:-1], manifest_key.split("/")[:-1]
    sink = [step for step in sink_path.split("/") if step]
    return _shared(folder[::-1], sink[::-1]), 2 * _shared(folder, home) - len(folder) - len(home)


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
