"""The bytes of one version of an object, fetched range by range, the next ones while the last is being used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self

from campaign_cdp.exceptions import RetriableSyncError

#: Ranges under way. Two keep a server busy that is slower than the network.
_AHEAD: Final = 2
#: The first range is short: it only shows that the version is there, and holds what tells the format.
_FIRST: Final = 256 * 1024


class RangeBody:
    """What :class:`~campaign_cdp.hooks.landing_zone.object_stream.ObjectStream` reads.

    The client retries each range by itself, and a slow reader holds no answer open for hours.

    :param fetch: takes offset and length and returns those bytes; pinned to one version, called from other threads.
    :param size: bytes of the object.
    :param range_size: bytes to fetch at once; three times that is in memory.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, range_size: int) -> None:
        self._fetch, self._size, self._range_size = fetch, size, range_size
        self._asked = 0
        self._left = memoryview(b"")
        self._ahead: deque[Future[bytes]] = deque()
        self._threads = ThreadPoolExecutor(_AHEAD, thread_name_prefix="range")

    def opened(self) -> Self:
        """Fetch the first range, so that a version that is gone shows before anything is read."""
        try:
            self._left = memoryview(self._range(0))
        except BaseException:
            self.close()
            raise
        self._asked = len(self._left)
        return self

    def read(self, size: int) -> memoryview:
        """Return up to ``size`` bytes, none at the end."""
        self._ask()
        if not self._left and self._ahead:
            self._left = memoryview(b"")  # frees the last range before the next one is held
            self._left = memoryview(self._ahead.popleft().result())
        data, self._left = self._left[:size], self._left[size:]
        return data

    def close(self) -> None:
        self._left, self._asked = memoryview(b""), self._size
        self._ahead.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self) -> None:
        while self._asked < self._size and len(self._ahead) < _AHEAD:
            self._ahead.append(self._threads.submit(self._range, self._asked))
            self._asked += self._length(self._asked)

    def _range(self, start: int) -> bytes:
        data, length = self._fetch(start, self._length(start)), self._length(start)
        if len(data) != length:
            raise RetriableSyncError(
                f"{len(data):,} of {length:,} bytes came from byte {start:,} on. Nothing of it was applied. It will be "
                "tried again."
            )
        return data

    def _length(self, start: int) -> int:
        return min(self._range_size if start else _FIRST, self._size - start)
