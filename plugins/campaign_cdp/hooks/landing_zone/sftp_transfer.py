"""Reading and writing files over SFTP with many requests under way, in constant memory.

Paramiko's own read-ahead asks for the whole file at once, and its pipelined writing forgets the answers to the last
hundred requests, and so a disk that was full by then. A request that is not answered yet belongs to the object that
made it: the client hands it the answer, whoever waits for one.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from paramiko import Message, SFTPAttributes, SFTPClient, SFTPFile
from paramiko.sftp import CMD_READ, CMD_STATUS, CMD_WRITE, SFTP_EOF, int64
from paramiko.ssh_exception import SSHException

from campaign_cdp.exceptions import FileReplacedError, RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.object_stream import Mapped

#: Bytes of a request: what every server has to take.
REQUEST: Final = 32_768
#: Requests under way, so 4 MiB. They are sent in bursts: one for each answer would make the server wait for each.
UNDER_WAY: Final = 128


class _Piece:
    """A read request and its answer."""

    def __init__(self, offset: int, size: int) -> None:
        self.offset, self.size = offset, size
        self.data: bytes | None = None
        self.error: OSError | None = None

    def _async_response(self, kind: int, answer: Message, _: int) -> None:
        if kind != CMD_STATUS:
            self.data = answer.get_string()
        elif (code := answer.get_int()) == SFTP_EOF:
            self.data = b""
        else:
            self.error = OSError(f"status {code}: {answer.get_text()}")


class RemoteStream(io.RawIOBase):
    """One version of a file, read in order and with a bounded read-ahead.

    :param file: opened, and of this version.
    :param unchanged: tells whether attributes are still those of this version.
    :param mapped: context manager factory that maps the client's errors.
    """

    def __init__(
        self, file: SFTPFile, obj: StoredObject, url: str, unchanged: Callable[[SFTPAttributes], bool], mapped: Mapped
    ) -> None:
        super().__init__()
        self._file, self._client, self._url = file, file.sftp, url
        self._size, self._unchanged, self._mapped = obj.size, unchanged, mapped
        self._pieces: deque[_Piece] = deque()
        self._asked = self._read = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if not self._rest and self._read < self._size:
            with self._mapped(f"read {self._url} (got {self._read:,} of {self._size:,} bytes)"):
                self._rest = memoryview(self._next())
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._pieces.clear()
            with suppress(OSError, EOFError, SSHException):
                self._file.close()
        super().close()

    def _next(self) -> bytes:
        self._ask()
        piece = self._pieces.popleft()
        data = self._answer(piece)
        if not data:
            raise self._ended()
        if len(data) < piece.size:
            # Servers may answer with less than they were asked for.
            self._send(_Piece(piece.offset + len(data), piece.size - len(data)), first=True)
        self._read += len(data)
        # Before the last bytes are given away: a reader has all of this version, or none of it is valid.
        if self._read == self._size and not self._unchanged(self._file.stat()):
            raise self._changed()
        return data

    def _ask(self) -> None:
        if len(self._pieces) > UNDER_WAY // 2:
            return
        while self._asked < self._size and len(self._pieces) < UNDER_WAY:
            size = min(REQUEST, self._size - self._asked)
            self._send(_Piece(self._asked, size))
            self._asked += size

    def _send(self, piece: _Piece, *, first: bool = False) -> None:
        # The client holds the piece by a weak reference.
        if first:
            self._pieces.appendleft(piece)
        else:
            self._pieces.append(piece)
        self._client._async_request(piece, CMD_READ, self._file.handle, int64(piece.offset), piece.size)

    def _answer(self, piece: _Piece) -> bytes:
        while piece.data is None:
            if piece.error:
                raise piece.error
            self._client._read_response()
        return piece.data

    def _ended(self) -> Exception:
        if not self._unchanged(self._file.stat()):
            return self._changed()
        return RetriableSyncError(
            f"The transfer of {self._url} ended after {self._read:,} of {self._size:,} bytes. Nothing of it was "
            "applied. It will be tried again."
        )

    def _changed(self) -> FileReplacedError:
        return FileReplacedError(
            f"{self._url} was replaced or removed while it was read (got {self._read:,} of {self._size:,} bytes). "
            "Nothing of it was applied. A new version is a new file set: the next Dag run takes it."
        )


class RemoteWriter:
    """A file that is written in order.

    :param file: opened for writing, empty.
    """

    def __init__(self, client: SFTPClient, file: SFTPFile) -> None:
        self._client, self._handle = client, file.handle
        self._under_way = 0
        self._error: OSError | None = None
        self.written = 0

    def write(self, data: bytes) -> None:
        """Send at most :data:`REQUEST` bytes; raises what the server said of earlier ones."""
        while self._under_way >= UNDER_WAY:
            self._client._read_response()
        self._raise()
        self._client._async_request(self, CMD_WRITE, self._handle, int64(self.written), data)
        self._under_way += 1
        self.written += len(data)

    def finish(self) -> None:
        """Wait for all answers."""
        while self._under_way:
            self._client._read_response()
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _async_response(self, _kind: int, answer: Message, _: int) -> None:
        self._under_way -= 1
        try:
            self._client._convert_status(answer)
        except OSError as err:
            self._error = self._error or err
