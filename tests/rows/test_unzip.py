from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress

import pytest

from campaign_cdp.exceptions import CompressionError, DecompressionLimitError, FileFormatError
from campaign_cdp.feeds.model import FileFormat
from campaign_cdp.rows.decompress import PartStream
from tests.rows.parts import Drip

TEXT = b"".join(b"line %d,%d\n" % (n, n * 7919) for n in range(20_000))


class OneWay(io.RawIOBase):
    """A target that cannot be sought, so sizes follow the data."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.written += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def archive(
    *files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, one_way: bool = False, wide: bool = False
) -> bytes:
    target = OneWay() if one_way else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as out:
        for name, content in files:
            with out.open(name, "w", force_zip64=wide) as file:
                file.write(content)
        out.comment = b"made by a test"
    return bytes(target.written) if isinstance(target, OneWay) else target.getvalue()


def read(stored: bytes, sizes: tuple[int, ...] = (1_000_000,), **limits: int) -> bytes:
    return b"".join(PartStream(Drip(stored, sizes), FileFormat(**limits)).chunks())


@pytest.mark.parametrize("sizes", [(1, 300), (1_000_000,)])
@pytest.mark.parametrize("wide", [False, True], ids=["32 bit", "64 bit"])
@pytest.mark.parametrize(
    ("method", "one_way"),
    [(zipfile.ZIP_DEFLATED, False), (zipfile.ZIP_DEFLATED, True), (zipfile.ZIP_STORED, False)],
    ids=["deflate", "sizes behind", "stored"],
)
def test_the_file_comes_out_as_it_went_in(method: int, one_way: bool, wide: bool, sizes: tuple[int, ...]) -> None:
    assert read(archive(("a.csv", TEXT), method=method, one_way=one_way, wide=wide), sizes) == TEXT


def test_folders_and_what_macos_adds_are_passed_over() -> None:
    files = [("d/", b""), ("d/.DS_Store", b"x" * 700), ("d/a.csv", TEXT), ("__MACOSX/d/._a.csv", b"y" * 700)]

    assert read(archive(*files)) == TEXT
    assert read(archive(*files, one_way=True)) == TEXT


def test_an_empty_file_is_empty() -> None:
    assert read(archive(("a.csv", b""))) == b""


def test_several_files_are_refused_by_name() -> None:
    with pytest.raises(FileFormatError, match=r"several files, 'a\.csv' and 'b\.csv' among them"):
        read(archive(("a.csv", TEXT), ("b.csv", TEXT)))


@pytest.mark.parametrize("files", [(), (("d/", b""),)], ids=["nothing", "a folder"])
def test_no_file_is_refused(files: tuple[tuple[str, bytes], ...]) -> None:
    with pytest.raises(FileFormatError, match="holds no file"):
        read(archive(*files))


@pytest.mark.parametrize(
    ("method", "one_way", "message"),
    [
        (zipfile.ZIP_LZMA, False, "packed with method 14"),
        (zipfile.ZIP_STORED, True, "stored without its size"),
    ],
)
def test_what_a_stream_cannot_unpack_is_refused(method: int, one_way: bool, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        read(archive(("a.csv", TEXT), method=method, one_way=one_way))


def test_a_password_is_refused() -> None:
    stored = bytearray(archive(("a.csv", TEXT)))
    stored[6] |= 1
    with pytest.raises(FileFormatError, match=r"'a\.csv' .* protected with a password"):
        read(bytes(stored))


@pytest.mark.parametrize("one_way", [False, True])
def test_a_cut_off_upload_is_refused_wherever_it_was(one_way: bool) -> None:
    stored = archive(("a.csv", TEXT), one_way=one_way)
    tail = range(len(stored) - 150, len(stored))
    for kept in [5, 20, 33, 100, len(stored) // 2, *tail]:
        with pytest.raises(CompressionError, match="ends early"):
            read(stored[:kept])


def test_flipped_bits_never_pass_unnoticed() -> None:
    stored = archive(("a.csv", TEXT), one_way=True)
    places = [*range(4, 80), *range(80, len(stored) - 200, 997)]
    for at in places:
        broken = bytearray(stored)
        broken[at] ^= 0x40
        with suppress(FileFormatError):  # a time, or a flag without meaning, may be any
            assert read(bytes(broken)) == TEXT


@pytest.mark.parametrize("more", [b"more", b"PK\x03\x04"])
def test_something_behind_the_end_is_refused(more: bytes) -> None:
    with pytest.raises(CompressionError, match="behind its end"):
        read(archive(("a.csv", TEXT)) + more)
    assert read(archive(("a.csv", TEXT)) + b"\0" * 700) == TEXT


def test_a_directory_that_says_otherwise_is_refused() -> None:
    stored = archive(("a.csv", TEXT))
    at = stored.index(b"PK\x01\x02")
    for changed in (stored[:at] + stored[at:].replace(b"a.csv", b"b.csv"), stored[:at] + stored[-36:]):
        with pytest.raises(CompressionError, match="says otherwise"):
            read(changed)


def test_limits_hold() -> None:
    stored = archive(("a.csv", b"a,b,c\n" * 5_000_000))
    with pytest.raises(DecompressionLimitError, match="-fold"):
        read(stored)
    with pytest.raises(DecompressionLimitError, match="more than 100,000 bytes"):
        read(stored, max_uncompressed=100_000)


def test_a_bomb_beside_the_file_is_refused() -> None:
    with pytest.raises(FileFormatError, match="more than 1,000,000 bytes"):
        read(archive(("__MACOSX/._a.csv", b"\0" * 40_000_000), ("a.csv", TEXT)))


def _many() -> Iterator[tuple[str, bytes]]:
    return ((f"{n}/", b"") for n in range(200))


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(FileFormatError, match="more than 100 entries"):
        read(archive(*_many()))
