from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable

import pytest

from campaign_cdp.exceptions import CompressionError, DecompressionLimitError, FileFormatError
from campaign_cdp.feeds.model import FileFormat
from campaign_cdp.rows.decompress import PartStream
from tests.rows.parts import Drip

TEXT = b"".join(b"line %d,%d\n" % (n, n * 7919) for n in range(2_000))


def _content(stored: bytes, sizes: tuple[int, ...] = (1_000_000,), **limits: int) -> bytes:
    return b"".join(PartStream(Drip(stored, sizes), FileFormat(**limits)).chunks())


@pytest.mark.parametrize("sizes", [(1,), (1, 2, 3), (1_000_000,)])
@pytest.mark.parametrize(
    ("stored", "content"),
    [
        (TEXT, TEXT),
        (gzip.compress(TEXT, mtime=0), TEXT),
        (
            gzip.compress(TEXT, mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(TEXT[:77], mtime=0),
            TEXT + TEXT[:77],
        ),
        (gzip.compress(TEXT, mtime=0) + b"\0" * 700, TEXT),
        (gzip.compress(TEXT, mtime=0) + b"\0" * 3 + gzip.compress(b"more", mtime=0), TEXT + b"more"),
        (gzip.compress(b"", mtime=0), b""),
        (bz2.compress(TEXT), TEXT),
        (bz2.compress(TEXT) + bz2.compress(b"") + bz2.compress(TEXT[:77]) + b"\0" * 700, TEXT + TEXT[:77]),
        (b"", b""),
        (b"\x1f", b"\x1f"),
    ],
    ids=[
        "plain",
        "gzip",
        "members",
        "padding",
        "padding between",
        "empty gzip",
        "bzip2",
        "bzip2 streams",
        "empty",
        "half a mark",
    ],
)
def test_content_is_the_same_however_it_is_stored_and_read(
    stored: bytes, content: bytes, sizes: tuple[int, ...]
) -> None:
    assert _content(stored, sizes) == content


def test_padding_longer_than_a_read_is_skipped() -> None:
    assert _content(gzip.compress(TEXT, mtime=0) + b"\0" * 600_000) == TEXT


def test_all_blocks_but_the_last_have_one_size() -> None:
    stored = gzip.compress(b"x" * 1_500_000, mtime=0)
    for source in (Drip(stored, (1, 300)), io.BytesIO(stored), Drip(b"x" * 1_500_000, (70_001,))):
        sizes = [len(chunk) for chunk in PartStream(source, FileFormat(max_ratio=10_000)).chunks()]
        assert sizes == [524_288, 524_288, 451_424]


@pytest.mark.parametrize("kept", [5, 15, 0.5, 0.99, -1, -8])
def test_a_cut_off_upload_is_refused(kept: float) -> None:
    stored = gzip.compress(TEXT, mtime=0)
    cut = int(len(stored) * kept) if 0 < kept < 1 else int(kept)
    with pytest.raises(CompressionError, match=r"ends early, after [\d,]+ stored and [\d,]+ content bytes"):
        _content(stored[:cut])


@pytest.mark.parametrize("kept", [14, 0.5, 0.99, -1, -8])
def test_a_cut_off_bzip2_upload_is_refused(kept: float) -> None:
    stored = bz2.compress(TEXT)
    cut = int(len(stored) * kept) if 0 < kept < 1 else int(kept)
    with pytest.raises(CompressionError, match=r"bzip2 data ends early, after [\d,]+ stored and [\d,]+ content bytes"):
        _content(stored[:cut])


def test_damaged_bzip2_is_refused() -> None:
    stored = bz2.compress(TEXT)
    for at in range(4, len(stored), 97):
        broken = bytearray(stored)
        broken[at] ^= 0x10
        if at < 10:
            continue  # it is not bzip2 any more
        with pytest.raises(CompressionError):
            _content(bytes(broken))
    with pytest.raises(CompressionError, match="bzip2 data is damaged"):
        _content(stored + b"garbage")


def test_a_bzip2_bomb_is_refused_early() -> None:
    stored = bz2.compress(b"a" * 60_000_000)
    stream = PartStream(io.BytesIO(stored), FileFormat())
    with pytest.raises(DecompressionLimitError, match="-fold"):
        list(stream.chunks())
    assert stream.bytes_out < 20_000_000


@pytest.mark.parametrize("at", [-1, -6], ids=["length", "checksum"])
def test_a_wrong_trailer_is_refused(at: int) -> None:
    stored = bytearray(gzip.compress(TEXT, mtime=0))
    stored[at] ^= 0xFF
    with pytest.raises(CompressionError, match="damaged"):
        _content(bytes(stored))


def test_flipped_bits_never_pass_unnoticed() -> None:
    stored = gzip.compress(TEXT, mtime=0)
    for at in range(10, len(stored), 97):
        broken = bytearray(stored)
        broken[at] ^= 0x10
        with pytest.raises(CompressionError):
            _content(bytes(broken))


@pytest.mark.parametrize("garbage", [b"garbage", b"\x1f\x8b but no gzip", b"\0\0x", zlib.compress(b"zlib")])
def test_garbage_behind_the_data_is_refused(garbage: bytes) -> None:
    with pytest.raises(CompressionError):
        _content(gzip.compress(TEXT, mtime=0) + garbage)


def test_a_part_that_grows_too_many_fold_is_refused_early() -> None:
    source = Drip(gzip.compress(b"a,b,c\n" * 5_000_000, mtime=0), (100_000,))
    stream = PartStream(source, FileFormat(max_ratio=200))
    with pytest.raises(DecompressionLimitError, match=r"grows [\d,]+-fold .* at most 200"):
        for _ in stream.chunks():
            pass
    assert stream.bytes_out < 20_000_000, "it stops long before all 30 MB are there"


def test_a_ratio_that_the_feed_allows_passes() -> None:
    assert len(_content(gzip.compress(b"a,b,c\n" * 2_000_000, mtime=0), max_ratio=1_100)) == 12_000_000


def test_small_files_may_have_any_ratio() -> None:
    assert len(_content(gzip.compress(b" " * 9_000_000, mtime=0), max_ratio=2)) == 9_000_000


@pytest.mark.parametrize("stored", [TEXT, gzip.compress(TEXT, mtime=0)], ids=["plain", "gzip"])
def test_a_part_above_the_absolute_bound_is_refused(stored: bytes) -> None:
    assert _content(stored, max_uncompressed=len(TEXT)) == TEXT
    with pytest.raises(DecompressionLimitError, match=rf"more than {len(TEXT) - 1:,} bytes"):
        _content(stored, max_uncompressed=len(TEXT) - 1)


def test_the_digest_is_that_of_the_stored_bytes() -> None:
    stored = gzip.compress(TEXT, mtime=0) + b"\0" * 99
    stream = PartStream(io.BytesIO(stored), FileFormat())
    for _ in stream.chunks():
        pass
    assert stream.sha256 == hashlib.sha256(stored).hexdigest()
    assert (stream.bytes_in, stream.bytes_out) == (len(stored), len(TEXT))


@pytest.mark.parametrize("sizes", [(1,), (1_000_000,)])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_what_is_packed_twice_is_refused_as_that(pack: Callable[[bytes], bytes], sizes: tuple[int, ...]) -> None:
    with pytest.raises(FileFormatError, match=r"is gzip inside (gzip|bzip2).*packed once"):
        _content(pack(gzip.compress(TEXT, mtime=0)), sizes)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"\xff\x06\x00\x00sNaPpY", "snappy"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"PAR1", "Parquet"),
        (b"export.csv".ljust(257, b"\0") + b"ustar\x0000", "tar"),
    ],
)
def test_a_format_that_cannot_be_read_is_named(head: bytes, name: str) -> None:
    for stored in (head + TEXT, gzip.compress(head + TEXT, mtime=0)):
        with pytest.raises(FileFormatError, match=f"is a {name} file.*gzip, zip or bzip2"):
            _content(stored)
