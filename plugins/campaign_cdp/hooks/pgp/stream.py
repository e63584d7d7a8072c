"""gpg as a filter of a stream. It runs behind two threads and a short queue, so memory does not grow with the data."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import gnupg

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.rows.stored import READ_BYTES, Readable

_QUEUED_CHUNKS = 4


class Transcript(gnupg.Crypt):
    """What gpg reported: ``statuses`` as its file ``DETAILS`` documents them, keyword and rest."""

    def __init__(self, gpg: gnupg.GPG) -> None:
        super().__init__(gpg)
        self.statuses: list[tuple[str, str]] = []

    def handle_status(self, key: str, value: str) -> None:
        self.statuses.append((key, value))

    def has(self, key: str) -> bool:
        return any(name == key for name, _ in self.statuses)

    def values(self, key: str) -> list[str]:
        return [value for name, value in self.statuses if name == key]


class _StoppedError(Exception):
    """Nobody wants the rest."""


class _Feed:
    """The source as gpg's writer thread reads it."""

    def __init__(self, source: Readable) -> None:
        self._source, self._stopped, self._reading = source, threading.Event(), threading.Lock()
        self.is_exhausted, self.error = False, None

    is_exhausted: bool
    error: BaseException | None

    def read(self, size: int = READ_BYTES) -> bytes:
        with self._reading:
            if self._stopped.is_set():
                raise _StoppedError
            try:
                data = self._source.read(size)
            except BaseException as err:
                self.error = err
                raise
        self.is_exhausted = not data
        return data

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Let no further read begin."""
        self._stopped.set()

    def wait(self) -> None:
        """Return when no read is under way, so that the source may be closed."""
        with self._reading:
            pass


class GpgStream:
    """The output of one call of gpg, to be read to its end: the last read tells whether all of it is good.

    :param gpg: used for nothing else meanwhile.
    :param source: read in another thread until :meth:`close` returns.
    :param work: calls gpg with the file object that it is given.
    :param judge: called at the end with what gpg reported; raises if that is not good.
    """

    def __init__(
        self, gpg: gnupg.GPG, source: Readable, work: Callable[[Any], object], judge: Callable[[Transcript], None]
    ) -> None:
        self._gpg = gpg
        self._feed, self._work, self._judge = _Feed(source), work, judge
        self._chunks: queue.Queue[bytes | None] = queue.Queue(_QUEUED_CHUNKS)
        self._rest, self._is_over = b"", False
        self._error: BaseException | None = None
        self._transcript = Transcript(gpg)
        gpg.buffer_size = READ_BYTES
        gpg.result_map = {**gnupg.GPG.result_map, "crypt": lambda _: self._transcript}
        gpg.on_data = self._take
        self._thread = threading.Thread(target=self._run, name="gpg", daemon=True)
        self._thread.start()

    def read(self, size: int = READ_BYTES) -> bytes:
        """Return some output; nothing at its good end.

        :raises SyncError: at its end, if gpg refused the message; before, what the source raised.
        """
        if not self._rest and not self._is_over:
            self._next()
        if self._error:
            raise self._error
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _next(self) -> None:
        chunk = self._chunks.get()
        if chunk is not None:
            self._rest = chunk
            return
        self._is_over = True
        self._error = self._error or self._feed.error
        if self._error is None:
            try:
                self._judge(self._transcript)
            except Exception as err:
                self._error = err
        if self._error is None and not self._feed.is_exhausted:
            self._error = RetriableSyncError("gpg ended before it had read everything. It will be tried again.")

    def close(self) -> None:
        """Stop gpg; doing it again is a no-op. The source is not touched any more."""
        self._feed.stop()
        while not self._is_over:
            self._is_over = self._chunks.get() is None
        self._thread.join()
        self._feed.wait()

    def _run(self) -> None:
        try:
            self._work(self._feed)
        except (BrokenPipeError, _StoppedError):
            pass  # gpg ended early, and said why; or nobody wants the rest
        except BaseException as err:
            self._error = err
        finally:
            self._gpg.on_data = None
            self._chunks.put(None)

    def _take(self, data: bytes) -> bool:
        """python-gnupg keeps what this answers with anything but ``False``."""
        if data and not self._feed.is_stopped:
            self._chunks.put(data)
        return False
