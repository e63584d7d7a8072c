"""A *file set* is what one export run wrote: its parts and, where AEP was asked for one, a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One file in a landing zone, identified by what cannot lie: key, size and ETag.

    :param key: full key or path inside the landing zone.
    :param size: bytes as stored, so compressed bytes of a gzip file.
    :param etag: the store's version mark, without quotes.
    :param modified: last modified, aware UTC. Not part of the identity: a copy changes it.
    """

    key: str
    size: int
    etag: str
    modified: datetime

    @property
    def name(self) -> str:
        return self.key.rsplit("/", 1)[-1]

    @property
    def identity(self) -> tuple[str, int, str]:
        return self.key, self.size, self.etag

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "size": self.size, "etag": self.etag, "modified": self.modified.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StoredObject:
        return cls(data["key"], data["size"], data["etag"], datetime.fromisoformat(data["modified"]))


@dataclass(frozen=True)
class FileSet:
    """The complete parts of one export run, in part order.

    :param id: the manifest's ``flowRunId``, else a hash of the parts' names.
    :param ordered_at: manifest ``scheduledTime``, else the newest part's last modified; file sets apply in this order.
    """

    id: str
    ordered_at: datetime
    parts: tuple[StoredObject, ...]
    manifest: StoredObject | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Version of the set: changes when any part is replaced under the same name."""
        digest = hashlib.sha256()
        for part in sorted(self.parts, key=lambda p: p.key):
            digest.update(f"{part.key}\0{part.size}\0{part.etag}\n".encode())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "ordered_at": self.ordered_at.isoformat(),
            "parts": [part.to_json() for part in self.parts],
            "manifest": self.manifest.to_json() if self.manifest else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FileSet:
        return cls(
            data["id"],
            datetime.fromisoformat(data["ordered_at"]),
            tuple(StoredObject.from_json(part) for part in data["parts"]),
            StoredObject.from_json(data["manifest"]) if data["manifest"] else None,
        )


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is remembered about one object.

    :param state: state of exactly this version (key, size and ETag); ``None`` if this version is new.
    :param manifest: manifest of the set in which this *key* was last seen, in any version. With it a part that was
        replaced under an unchanged manifest makes a new version of its set. A manifest names itself.
    """

    state: str | None
    manifest: StoredObject | None = None


class Seen(Protocol):
    """What the search has to know of earlier runs; the ledger answers."""

    def known(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, KnownFile]:
        """Return what is known, by key; a key never seen is left out. One statement per call, however many objects."""

    def is_applied(self, feed: str, file_set: FileSet) -> bool:
        """Tell whether exactly this version of the file set was applied."""

    def last_applied(self, feed: str) -> datetime | None:
        """Return ``ordered_at`` of the newest applied file set, or ``None``."""
