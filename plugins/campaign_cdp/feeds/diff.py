"""What changes when a feed file takes the place of another: key by key, with the effect in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from campaign_cdp.feeds.directions import Feed

_SHOWN: Final = "Shown to people; nothing else changes."
_READ: Final = "Files are read in another way, so other lines may be rejected. Try one: cdp feeds diff FILE --feed ID"
_HEADER: Final = "Other headers are accepted for the column; a file without any of them is quarantined."
_CLEANED: Final = "What is deleted of the historised files, and when. Files that are gone stay gone."

#: The first pattern that fits has the effect. ``+`` is a key that came, ``-`` one that went.
_EFFECTS: Final = (
    ("id", "Another feed: it gets a Dag and a history of its own; the old Dag and what the ledger knows stay behind."),
    ("direction", "Another kind of feed: it gets another Dag; the old one is gone."),
    ("description", _SHOWN),
    ("owner", _SHOWN),
    ("schedule", "Runs start at other times; without a schedule only by hand, or when files wait."),
    ("landing_zone.name_pattern", "Other names are taken for data files; files that fit no more are left alone."),
    ("landing_zone.ignore_before", "Older files are left alone from now on, or are imported after all."),
    ("landing_zone.staging", "Files are written there before they are published; what was staged is written again."),
    (
        "landing_zone.*",
        "Another place: what waits at the old one is left there, and AEP has to write to, or watch, the new one. Check "
        "the connection: cdp doctor ID",
    ),
    (
        "campaign",
        "Another database, with a ledger of its own: it knows nothing of what was applied or exported so far.",
    ),
    ("complete_when*", "When a file set counts as complete; too early, and parts would be missing."),
    ("poll_interval", "How soon new files are noticed, and how often the storage is asked."),
    ("export", "full takes who is missing for gone; incremental takes only 'exited' lines so. Preview the next run."),
    ("file.max_*", "How large a part may get before it is quarantined."),
    ("file*", _READ),
    ("pgp", "Other keys: files for the old ones cannot be read any more, or AEP cannot read the new ones yet."),
    ("+columns.*", "Written to Campaign from the next run on. A file without the column is quarantined."),
    ("-columns.*", "No longer written: recipients keep the last value. The file may still have the column."),
    ("columns.*.from", _HEADER),
    ("columns.*.aliases", _HEADER),
    ("columns.*.required", "Lines without a value are rejected, or are accepted again."),
    ("columns.*.default", "What recipients get where the file has no value, or a bad one where on_error says so."),
    ("columns.*.on_error", "What a bad value costs: the line, the value, or nothing where there is a default."),
    ("columns.*.case", "Values are spelled differently, so many recipients may differ at first. Preview the next run."),
    ("columns.*", "Other values are accepted or rejected. Try a file: cdp feeds diff FILE --feed ID"),
    ("membership*", "Other columns tell who left and which duplicate counts."),
    (
        "reconciliation_key",
        "Recipients are found by another key: others may be matched, or created again. Preview the next run.",
    ),
    (
        "profiles.mode",
        "What happens to people: update_only leaves unknown ones out, insert_or_update creates them, none matches.",
    ),
    ("profiles.empty_values", "clear empties Campaign's values where the file has none; that cannot be undone."),
    ("profiles*", "Where new recipients are created; those that are there stay."),
    ("list.label", _SHOWN),
    ("list.mode", "Who is removed from the list: mirror all who are missing, remove_exited the 'exited', add nobody."),
    ("list*", "Another list is kept; the members of the old one stay in it and are not looked after any more."),
    ("rejects.prefix", "Files of rejected lines are written there."),
    ("rejects*", "How many rejected lines stop a run; what is below is applied without them."),
    ("volume_guard*", "How far one run may shrink the list before nothing is applied."),
    ("historise*.prefix", "Files go there once they are done with; what was moved before stays where it is."),
    ("historise*.after", "How long AEP gets to take published files."),
    ("historise*", _CLEANED),
    ("alerts*", "Who is told, and when; runs do the same as before, unless a run without files gets another state."),
    ("transform", "Your own code sees every line first. Try a file: cdp feeds diff FILE --feed ID"),
    ("instance", "Every event gets another _id: AEP takes what was exported before for new. Never change it."),
    ("identity*", "Events are of other persons for AEP, until its schema and mapping know the new identity."),
    ("-logs.*", "The log is no longer exported; its watermark stays for when it comes back."),
    ("+logs.*", "The log is exported too, from where window.first_run says."),
    ("logs*", "Other rows of the log, or other columns, are exported from the next window on."),
    ("format", "AEP's dataflow has to expect the new format before the next file; csv and parquet need a mapping."),
    ("compression", "AEP's dataflow has to expect it before the next file."),
    ("parts*", "Size of files, and tasks side by side; the events are the same."),
    ("window.first_run", "Counts for logs that were never exported only."),
    ("window*", "Which rows wait for the next window, and which gap is an error."),
)
_UNKNOWN: Final = "See the key in docs/reference/feeds.md."


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs.

    :param key: as people write it, e.g. ``rejects.max_pct``.
    :param before: ``None`` where there was none.
    :param after: ``None`` where there is none any more.
    :param effect: what it does, in words.
    """

    key: str
    before: Any
    after: Any
    effect: str


def compare_feeds(old: Feed, new: Feed) -> list[Change]:
    """Return what differs, defaults filled in: a default that is written out is no difference."""
    return list(_differences("", *(feed.model_dump(mode="json", by_alias=True) for feed in (old, new))))


def effect_of(key: str, sign: str = "") -> str | None:
    """Return what a change of a key does.

    :param sign: ``+`` if the key came, ``-`` if it went.
    """
    fitting = (effect for pattern, effect in _EFFECTS if _fits(key, sign, pattern))
    return next(fitting, None)


def _fits(key: str, sign: str, pattern: str) -> bool:
    return fnmatchcase(key, pattern) or (bool(sign) and fnmatchcase(f"{sign}{key}", pattern))


def _differences(prefix: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        key, before, after = f"{prefix}{name}", old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(f"{key}.", before, after)
            continue
        sign = "+" if before is None else "-" if after is None else ""
        yield Change(key, before, after, effect_of(key, sign) or _UNKNOWN)
