"""File sets to write down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from campaign_cdp.file_sets import FileSet, StoredObject

MORNING = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
FEED = "gold"


def stored(key: str, version: str = "1", size: int = 100) -> StoredObject:
    return StoredObject(f"in/{key}", size, f"etag{version}", MORNING)


def file_set(name: str = "a", version: str = "1", *, parts: int = 2, hour: int = 0, manifest: bool = True) -> FileSet:
    """``name.csv``, ``name_2.csv``; ``version`` is that of the last part alone."""
    keys = [f"{name}{'' if n == 1 else f'_{n}'}.csv" for n in range(1, parts + 1)]
    objects = tuple(stored(key, version if key == keys[-1] else "1") for key in keys)
    described = stored(f"manifest-{name}.json") if manifest else None
    return FileSet(f"flow-{name}", MORNING + timedelta(hours=hour), objects, described)
