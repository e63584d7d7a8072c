"""What a run that replays rejected lines starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaign_cdp.exceptions import FileReplacedError, SyncDataError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.ledger.replays import ReplayLine
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.replay import (
    ReplayPart,
    changed_feed_tag,
    correction_lines,
    picked_records,
    replay_file_set,
    replay_key,
)


@dataclass(frozen=True, slots=True)
class PreparedReplay:
    """The part of a replay in the landing zone.

    :param of: run whose rejected lines it holds.
    :param lines: what each of its lines stands for.
    """

    of: int
    file_set: FileSet
    lines: Sequence[ReplayLine]
    accept_stale: bool


def prepare_replay(
    zone: LandingZone,
    feed: AudienceFeed,
    ledger: Ledger,
    replay_of: int,
    *,
    replay_file: str | None,
    accept_stale: bool,
) -> PreparedReplay:
    """Return the part to load: a corrected file, else the rejected lines as they were, for a feed that has changed.

    :param replay_file: key of the corrected file.
    :raises SyncDataError: if there is nothing to replay.
    :raises StaleFileSetError: if newer values could be overwritten.
    """
    original = ledger.replayable(replay_of, feed.id, accept_stale=accept_stale)
    if replay_file:
        part, lines = _correction(zone, feed, replay_file)
    else:
        part, lines = _rejected_lines(zone, feed, ledger, original)
    file_set = replay_file_set(original, part)
    _refuse_applied(ledger, feed, file_set)
    return PreparedReplay(replay_of, file_set, lines, accept_stale)


def _correction(zone: LandingZone, feed: AudienceFeed, key: str) -> tuple[StoredObject, list[ReplayLine]]:
    found = zone.stat(key) if key.startswith(f"{feed.rejects.prefix}{feed.id}/replay/") else None
    if found is None:
        raise SyncDataError(
            f"There is no corrected file {key} in {feed.rejects.prefix}{feed.id}/replay/ of the landing zone. Nothing "
            "was done. `cdp rejects replay RUN FILE` puts it there."
        )
    with zone.open(found) as source:
        return found, list(correction_lines(source, feed))


def _rejected_lines(
    zone: LandingZone, feed: AudienceFeed, ledger: Ledger, original: Run
) -> tuple[StoredObject, list[ReplayLine]]:
    run_id = original.run_id
    replay = ReplayPart(picked_records(zone, feed, ledger.stored_parts(run_id), ledger.open_rejects(run_id)))
    try:
        part = zone.stage(replay_key(feed, run_id, changed_feed_tag(feed)), replay.body())
    except FileReplacedError as err:
        err.add_note("A replay reads the rejected lines from the files of the run; see historise.days of the feed.")
        raise
    return part, list(replay.lines())


def _refuse_applied(ledger: Ledger, feed: AudienceFeed, file_set: FileSet) -> None:
    """The file may have been written again since, so its version on the storage says nothing."""
    run_id = ledger.applied_replay(feed.id, file_set.id)
    if run_id is not None:
        raise SyncDataError(
            f"{feed.id}: exactly this replay was applied already, by run {run_id}. Nothing was done. Change the feed "
            "or the corrected file first."
        )
