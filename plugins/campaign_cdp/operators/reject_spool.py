"""Rejects wait here while COPY has the connection; beyond a megabyte they wait on disk, masked as they are."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from campaign_cdp.rows.rejects import Reject, RejectCode

_IN_MEMORY_BYTES = 1_000_000


class RejectSpool:
    """Write with :meth:`add`, then iterate once."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, mode="w+", encoding="utf-8")  # noqa: SIM115

    def add(self, reject: Reject) -> None:
        json.dump((reject.line_no, reject.code, reject.column, reject.value), self._file)
        self._file.write("\n")

    def __iter__(self) -> Iterator[Reject]:
        self._file.seek(0)
        for line in self._file:
            line_no, code, column, value = json.loads(line)
            yield Reject(line_no, RejectCode(code), column, value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()
