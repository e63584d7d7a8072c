"""What the stand-in for AEP Sources remembers of a dataflow from run to run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

_DIGEST_BYTES = 16


def digest(event_id: str) -> bytes:
    """Return a short stand-in for an event's ``_id``; millions of them fit into memory."""
    return hashlib.blake2b(event_id.encode(), digest_size=_DIGEST_BYTES).digest()


class SourcesMemory:
    """End of the last window, the columns of the folder, and every ``_id`` that was taken.

    :param folder: keeps it on disk as well; ``None`` forgets it with the process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.until: datetime | None = None
        self.columns: tuple[str, ...] | None = None
        self._ids: set[bytes] = set()
        if folder and self._state.exists():
            self._load()

    def __contains__(self, key: bytes) -> bool:
        return key in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def keep(self, until: datetime, columns: tuple[str, ...] | None, ids: Iterable[bytes]) -> None:
        """Remember a run."""
        self.until, self.columns = until, columns
        new = list(ids)
        self._ids.update(new)
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._known.open("ab") as known:
            known.writelines(new)
        state = {"until": until.isoformat(), "columns": columns, "ids": len(self._ids)}
        self._state.write_text(json.dumps(state), encoding="utf-8")

    @property
    def _state(self) -> Path:
        return (self._folder or Path()) / "dataflow.json"

    @property
    def _known(self) -> Path:
        return (self._folder or Path()) / "ids"

    def _load(self) -> None:
        state = json.loads(self._state.read_text(encoding="utf-8"))
        self.until = datetime.fromisoformat(state["until"])
        self.columns = tuple(state["columns"]) if state["columns"] else None
        self._ids.update(self._stored())

    def _stored(self) -> Iterator[bytes]:
        with self._known.open("rb") as known:
            while key := known.read(_DIGEST_BYTES):
                yield key
