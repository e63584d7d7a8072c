"""What a run that replays rejected lines starts from."""

from __future__ import annotations

from dataclasses import dataclass

from campaign_cdp.exceptions import FileReplacedError, SyncDataError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.pgp.optional import decryption_for, encryption_for
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.replay import (
    ReplayLines,
    ReplayPart,
    changed_feed_tag,
    correction_lines,
    correction_tag,
    picked_records,
    replay_file_set,
    replay_folder,
    replay_id,
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
    lines: ReplayLines
    accept_stale: bool


def prepare_replay(
    feed: AudienceFeed, ledger: Ledger, replay_of: int, *, replay_file: str | None, accept_stale: bool
) -> PreparedReplay:
    """Return the part to load: a corrected file, else the rejected lines as they were, for a feed that has changed.

    :param replay_file: key of the corrected file.
    :raises SyncDataError: if there is nothing to replay.
    :raises StaleFileSetError: if newer values could be overwritten.
    """
    original = ledger.replayable(replay_of, feed.id, accept_stale=accept_stale)
    with landing_zone_for(feed.landing_zone) as zone:
        if replay_file:
            part, tag = _correction(zone, feed, replay_file)
            ledger.refuse_applied_replay(feed.id, replay_id(original, tag))
            lines = _correction_lines(zone, feed, part)
        else:
            tag = changed_feed_tag(feed)
            ledger.refuse_applied_replay(feed.id, replay_id(original, tag))
            part, lines = _rejected_lines(zone, feed, ledger, original)
    return PreparedReplay(replay_of, replay_file_set(original, part, tag), lines, accept_stale)


def _correction(zone: LandingZone, feed: AudienceFeed, key: str) -> tuple[StoredObject, str]:
    found = zone.stat(key) if _is_in(replay_folder(feed), key) else None
    if found is None:
        raise SyncDataError(
            f"There is no corrected file {key} in {replay_folder(feed)} of the landing zone. Nothing was done. `cdp "
            "rejects replay RUN FILE` puts it there."
        )
    with zone.open(found) as source, decryption_for(feed.pgp) as decrypt:
        return found, correction_tag(source, feed, decrypt)


def _is_in(folder: str, key: str) -> bool:
    """True if no storage, nor a client that tidies addresses, can take the key for one outside of the folder."""
    return key.startswith(folder) and key.isprintable() and not {"", ".", ".."} & set(key.split("/"))


def _correction_lines(zone: LandingZone, feed: AudienceFeed, part: StoredObject) -> ReplayLines:
    with zone.open(part) as source, decryption_for(feed.pgp) as decrypt:
        return ReplayLines(correction_lines(source, feed, decrypt))


def _rejected_lines(
    zone: LandingZone, feed: AudienceFeed, ledger: Ledger, original: Run
) -> tuple[StoredObject, ReplayLines]:
    run_id, key = original.run_id, replay_key(feed, original.run_id, changed_feed_tag(feed))
    # A zone of its own to read from: gpg takes what it encrypts in another thread.
    with landing_zone_for(feed.landing_zone) as stored, encryption_for(feed.pgp, own=True) as encrypt:
        replay = ReplayPart(picked_records(stored, feed, ledger.stored_parts(run_id), ledger.open_rejects(run_id)))
        try:
            part = zone.stage(key, encrypt(replay.body()))
        except FileReplacedError as err:
            err.add_note("A replay reads the rejected lines from the files of the run; see historise.days of the feed.")
            raise
    return part, replay.lines
