"""Whatever happened to packed bytes: their content comes out exactly as it was, or an error with a code does."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.feeds.model import FileFormat
from campaign_cdp.hooks.pgp.decryption import Decryption
from campaign_cdp.rows.decompress import PartStream
from campaign_cdp.rows.sniff import Content, content_of, unreadable_format
from tests.fuzz.effort import effort, outcome
from tests.fuzz.mutate import spoilt_bytes
from tests.pgp import encrypted, key_pair, needs_gpg, pgp_connection, temp

__all__ = ["key_pair", "pgp_connection", "temp"]

_TEXT = b"".join(b"line %d,%d\n" % (n, n * 7919) for n in range(60))
_LIMITS = FileFormat(max_uncompressed=20_000_000)


def _zip(method: int, *names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names:
            archive.writestr(name, _TEXT)
    return out.getvalue()


def _streamed_zip() -> bytes:
    """Sizes follow behind the data, as they do when an archive is written to a pipe."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", _TEXT)
    return out.getvalue()


_PACKED = {
    "gzip": gzip.compress(_TEXT, mtime=0),
    "gzip members": gzip.compress(_TEXT[:99], mtime=0) + gzip.compress(_TEXT[99:], mtime=0),
    "bzip2": bz2.compress(_TEXT),
    "zip": _zip(zipfile.ZIP_DEFLATED, "export.csv"),
    "zip stored": _zip(zipfile.ZIP_STORED, "export.csv"),
    "zip streamed": _streamed_zip(),
    "zip of several": _zip(zipfile.ZIP_DEFLATED, "folder/", "export.csv", "b.csv"),
}


@pytest.mark.parametrize("name", _PACKED)
@effort(60)
@given(data=st.data())
def test_spoilt_archives(name: str, data: st.DataObject) -> None:
    stored = data.draw(spoilt_bytes(_PACKED[name]))
    content, stream = _read(stored)
    if content is not None and stream.layers:
        # A member that is cut out between two others takes its checksum with it: nothing can tell.
        assert content in {_TEXT, _TEXT[:99], _TEXT[99:], _TEXT[:99] * 2 + _TEXT[99:]} or name == "gzip members"


def _content(stream: PartStream) -> bytes:
    return b"".join(stream.chunks())


def _read(stored: bytes) -> tuple[bytes | None, PartStream]:
    stream = PartStream(io.BytesIO(stored), _LIMITS)
    content, refused = outcome(_content, stream)
    assert not refused or refused.startswith("ACR-3")
    return content, stream


@effort(200)
@given(head=st.one_of(st.binary(max_size=1024), st.sampled_from(list(_PACKED.values())).flatmap(spoilt_bytes)))
def test_anything_is_sniffed(head: bytes) -> None:
    assert content_of(head) in Content
    assert unreadable_format(head) is None or len(head) > 3


@needs_gpg
@pytest.mark.hypothesis
@pytest.mark.parametrize("armoured", [False, True])
def test_spoilt_pgp_messages(key_pair, pgp_connection: Callable[..., str], temp, tmp_path, armoured: bool) -> None:
    good = encrypted(key_pair, gzip.compress(_TEXT, mtime=0), tmp_path, armoured=armoured)
    connection = pgp_connection(key_pair)

    @effort(8)
    @given(stored=spoilt_bytes(good))
    def check(stored: bytes) -> None:
        with Decryption(connection) as decrypt:
            stream = PartStream(io.BytesIO(stored), _LIMITS, decrypt)
            content, refused = outcome(_content, stream)
        assert refused.startswith("ACR-3") if refused else content == _TEXT or Content.PGP not in stream.layers

    check()
