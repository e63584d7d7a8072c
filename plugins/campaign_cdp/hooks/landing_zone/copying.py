"""Landing zones whose storage has no rename: there, moving is a copy by the server and a delete of what was copied."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.refusals import replaced, taken


class SourceGoneError(Exception):
    """The object to copy is not there any more in that version."""


class KeyTakenError(Exception):
    """The key to write to holds an object already."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is found at the key of a copy.

    :param origin: ETag of what it was copied from, if a landing zone made it.
    """

    stored: StoredObject
    origin: str | None

    def is_of(self, obj: StoredObject) -> bool:
        return self.stored.size == obj.size and obj.etag in {self.origin, self.stored.etag}


class CopyingLandingZone(LandingZone):
    """Publishes and moves by copying.

    A copy has another ETag than its source, so every copy made here carries the source's ETag in its metadata. Size and
    that mark tell whether an object is the copy that an interrupted call made already.
    """

    def publish(self, staged: StoredObject, key: str) -> StoredObject:
        published = self._copy_once(staged, key)
        if published is None:
            raise replaced(f"{self.url}/{staged.key}")
        self.delete(staged)
        return published

    def move(self, obj: StoredObject, key: str) -> StoredObject | None:
        moved = self._copy_once(obj, key)
        if moved is not None:
            self.delete(obj)
        return moved

    @abstractmethod
    def _copy(self, obj: StoredObject, key: str) -> None:
        """Make the copy appear whole, with its mark, and never replace an object.

        :raises SourceGoneError: if ``obj`` is gone or has another ETag.
        :raises KeyTakenError: if there is an object at ``key``.
        """

    @abstractmethod
    def _find(self, key: str) -> Copy | None:
        """Return what is at ``key``, with its mark."""

    def _copy_once(self, obj: StoredObject, key: str) -> StoredObject | None:
        """Copy ``obj`` to ``key`` unless that was done before; ``None`` if ``obj`` is gone and never was copied.

        :raises FileReplacedError: if ``key`` holds something else.
        """
        if copy := self._copy_of(obj, key):
            return copy
        try:
            self._copy(obj, key)
        except SourceGoneError:
            # Somebody else may have finished the same move since.
            return self._copy_of(obj, key)
        except KeyTakenError:
            pass
        copy = self._copy_of(obj, key)
        if copy is None:
            raise RetriableSyncError(f"{self.url}/{key} was written and is gone again. It will be tried again.")
        return copy

    def _copy_of(self, obj: StoredObject, key: str) -> StoredObject | None:
        found = self._find(key)
        if found and not found.is_of(obj):
            # An answer that was cut off within its headers may lack the mark and look whole, so it is asked for again.
            found = self._find(key)
        if found is None or found.is_of(obj):
            return found.stored if found else None
        raise taken(f"{self.url}/{key}", found.stored, obj)
