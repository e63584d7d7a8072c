"""Replay: the rejected lines of a run as a part of their own, which goes through the same pipeline."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from typing import Any, BinaryIO, NamedTuple

from campaign_cdp.exceptions import HeaderError, SyncDataError
from campaign_cdp.feeds.loader import config_hash
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.pgp.optional import decryption_for
from campaign_cdp.ledger.replays import OpenReject, ReplayLine
from campaign_cdp.ledger.store import Run
from campaign_cdp.rows.decompress import Decrypt, PartStream
from campaign_cdp.rows.picker import RecordPicker
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject

#: Columns that tie a line of a correction to the rejected line.
PART, LINE, REASON = "reject_part", "reject_line", "reject_reason"
_NO_PART = 0
#: More digits are no number of a line, and would not fit the ledger's column.
_MOST_DIGITS = 9, 18


class PickedRecord(NamedTuple):
    """A rejected record as it was written, with its line end.

    :param header: of its part.
    :param is_whole: its quotes match, so that it means the same beside other records.
    """

    reject: OpenReject
    header: bytes
    record: bytes
    is_whole: bool


class ReplayLines:
    """What the lines of a replay stand for, in 24 bytes each."""

    def __init__(self, lines: Iterable[ReplayLine] = ()) -> None:
        self._numbers = array("q")
        for line in lines:
            self.add(line)

    def add(self, line: ReplayLine) -> None:
        self._numbers.extend(line)

    def __iter__(self) -> Iterator[ReplayLine]:
        numbers = iter(self._numbers)
        return (ReplayLine(*three) for three in zip(numbers, numbers, numbers, strict=True))


def as_utf8(feed: AudienceFeed) -> AudienceFeed:
    """What replays are written in, whatever the encoding of AEP's files."""
    return feed.model_copy(update={"file": feed.file.model_copy(update={"encoding": "utf-8"})})


def picked_records(
    zone: LandingZone, feed: AudienceFeed, parts: Mapping[int, StoredObject], rejects: Iterator[OpenReject]
) -> Iterator[PickedRecord]:
    """Read rejected records from where their parts lie now, in constant memory.

    :raises FileReplacedError: if a part is gone, for example because ``historise.days`` are over.
    :raises HeaderError: if the parts have different columns.
    """
    first: PickedRecord | None = None
    for part_no, group in groupby(rejects, key=lambda reject: reject.part_no):
        with zone.open(parts[part_no]) as source, decryption_for(feed.pgp) as decrypt:
            picker = RecordPicker(source, feed, _ignore, decrypt)
            picker.open()
            for picked in _of_part(picker, group):
                first = first or picked
                if picked.header != first.header:
                    raise HeaderError(
                        f"Parts {first.reject.part_no} and {part_no} have different headers, so their rejected lines "
                        "do not fit one file. Nothing was done. Have AEP export the audience again."
                    )
                yield picked


def _of_part(picker: RecordPicker, rejects: Iterator[OpenReject]) -> Iterator[PickedRecord]:
    asked: dict[int, OpenReject] = {}

    def line_numbers() -> Iterator[int]:
        for reject in rejects:
            asked[reject.line_no] = reject
            yield reject.line_no

    for line_no, record, is_whole in picker.picked(line_numbers()):
        yield PickedRecord(asked[line_no], picker.header, record, is_whole)
        asked.clear()


def _ignore(_: Reject) -> None:
    """These lines were rejected before, or are none of a replay's."""


class ReplayPart:
    """All picked records as one part: :meth:`body` is staged, then :attr:`lines` say what its lines stand for."""

    def __init__(self, records: Iterator[PickedRecord]) -> None:
        # What has an open quote is no record for this feed either; beside another line it could become one.
        self._records = (picked for picked in records if picked.is_whole)
        self.lines = ReplayLines()

    def body(self) -> Iterator[bytes]:
        """Yield the header and the records.

        :raises SyncDataError: if there is none.
        """
        first = next(self._records, None)
        if first is None:
            raise SyncDataError(
                "The run has no rejected lines that could be replayed: they are replayed already, or none is a record "
                "of a file as the feed reads it now. Nothing was done."
            )
        yield first.header
        line_no = 1 + first.header.count(b"\n")
        for picked in chain([first], self._records):
            self.lines.add(ReplayLine(line_no, picked.reject.part_no, picked.reject.line_no))
            line_no += picked.record.count(b"\n")
            yield picked.record


def correction_lines(source: BinaryIO, feed: AudienceFeed, decrypt: Decrypt | None = None) -> Iterator[ReplayLine]:
    """Yield what the lines of a corrected file stand for; part 0 where a line does not say it.

    :raises HeaderError: if it lacks the columns that say so.
    """
    reader = PartReader(source, as_utf8(feed), _ignore, decrypt)
    reader.open()
    names = [name.strip() for name in reader.names]
    if not {PART, LINE} <= set(names):
        raise HeaderError(
            f"The corrected file lacks the columns {PART} and {LINE}, so nobody knows which lines it replaces. Nothing "
            "was done. Start from the file that `cdp rejects export` writes, and keep them."
        )
    part, line = names.index(PART), names.index(LINE)
    for line_no, record in reader.records():
        if len(record.fields) == len(names):  # any other is rejected when it is loaded
            yield ReplayLine(line_no, *_stands_for(record.fields[part].strip(), record.fields[line].strip()))


def _stands_for(part: bytes, line: bytes) -> tuple[int, int]:
    longest_part, longest_line = _MOST_DIGITS
    if part.isdigit() and line.isdigit() and len(part) <= longest_part and len(line) <= longest_line:
        return int(part), int(line)
    return _NO_PART, 0


def replay_key(feed: AudienceFeed, run_id: int, tag: str) -> str:
    """Key of the part of a replay in the landing zone; it is deleted once it is applied."""
    return f"{replay_folder(feed)}run_{run_id}_{tag}.csv{'.gpg' if feed.pgp else ''}"


def replay_folder(feed: AudienceFeed) -> str:
    return f"{feed.rejects.prefix}{feed.id}/replay/"


def changed_feed_tag(feed: AudienceFeed) -> str:
    """The same feed replays the same lines once."""
    return config_hash(feed)[:12]


def correction_tag(source: BinaryIO, feed: AudienceFeed, decrypt: Decrypt | None = None) -> str:
    """The same corrected content is replayed once, whatever its file is called and however it is encrypted."""
    digest = hashlib.sha256()
    for chunk in PartStream(source, feed.file, decrypt).chunks():
        digest.update(chunk)
    return digest.hexdigest()[:12]


def replay_id(original: Run, tag: str) -> str:
    """Id of the file set of a replay."""
    return f"{original.file_set.id}#replay-{tag}"


def replay_file_set(original: Run, part: StoredObject, tag: str) -> FileSet:
    """The file set of a replay: of the time of the original, so that the order of file sets stays."""
    return FileSet(replay_id(original, tag), original.file_set.ordered_at, (part,))


def replay_conf(run_id: int, *, replay_file: str | None = None, accept_stale: bool = False) -> dict[str, Any]:
    """Parameters of the Dag run that replays the rejects of a run."""
    return {"replay_of": run_id, "replay_file": replay_file, "accept_stale": accept_stale}
