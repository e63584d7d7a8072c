"""Whatever happens to an encrypted part, its content is handed out whole and genuine, or an error comes before its end."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp.exceptions import (
    AccessDeniedError,
    DecompressionLimitError,
    FeedConfigError,
    FileFormatError,
    PgpError,
    PgpMissingError,
    RetriableSyncError,
    SyncError,
)
from campaign_cdp.feeds.model import FileFormat
from campaign_cdp.hooks.pgp.decryption import Decryption
from campaign_cdp.rows.decompress import PartStream
from campaign_cdp.rows.sniff import Content
from campaign_cdp.sandbox.pgp import PgpKeyPair
from tests.pgp import encrypted, needs_gpg

pytestmark = needs_gpg
CONTENT = b"".join(b"line %d,%s\n" % (n, os.urandom(6).hex().encode()) for n in range(20_000))
Connect = Callable[[PgpKeyPair], str]


def read(stored: Any, conn_id: str, **limits: int) -> bytes:
    source = io.BytesIO(stored) if isinstance(stored, bytes) else stored
    with Decryption(conn_id) as decrypt:
        return b"".join(PartStream(source, FileFormat(**limits), decrypt).chunks())


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("export.csv", content)
    return archive.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped, bz2.compress], ids=["plain", "gzip", "zip", "bzip2"])
@pytest.mark.parametrize("armoured", [False, True], ids=["binary", "armoured"])
def test_decrypts_whatever_is_inside(key_pair, pgp_connection: Connect, temp, tmp_path, pack, armoured) -> None:
    stored = encrypted(key_pair, pack(CONTENT), tmp_path, armoured=armoured)

    assert read(stored, pgp_connection(key_pair)) == CONTENT


def test_a_key_without_passphrase_and_on_a_curve(other_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    assert read(encrypted(other_pair, CONTENT, tmp_path), pgp_connection(other_pair)) == CONTENT
    assert (
        read(encrypted(other_pair, CONTENT, tmp_path), pgp_connection(replace(other_pair, passphrase="none needed")))
        == CONTENT
    )


def test_empty_content_is_empty(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    assert read(encrypted(key_pair, b"", tmp_path), pgp_connection(key_pair)) == b""


def test_digest_and_layers_are_those_of_the_stored_part(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    import hashlib

    stored = encrypted(key_pair, gzip.compress(CONTENT), tmp_path)
    with Decryption(pgp_connection(key_pair)) as decrypt:
        stream = PartStream(io.BytesIO(stored), FileFormat(), decrypt)
        assert b"".join(stream.chunks()) == CONTENT
    assert stream.sha256 == hashlib.sha256(stored).hexdigest()
    assert (stream.bytes_in, stream.layers) == (len(stored), [Content.PGP, Content.GZIP])


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_tampering_is_found_wherever_it_is(key_pair, pgp_connection: Connect, temp, tmp_path, pack) -> None:
    stored, conn_id = encrypted(key_pair, pack(CONTENT), tmp_path), pgp_connection(key_pair)
    positions = [20, 40, 150, 265, 272, 274, 276, 290, 300, 320]
    for at in positions + [400 + n * (len(stored) - 401) // 9 for n in range(10)]:
        broken = bytearray(stored)
        broken[at] ^= 0x04
        with pytest.raises(PgpError):
            read(bytes(broken), conn_id)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99, -30, -1])
@pytest.mark.parametrize("armoured", [False, True], ids=["binary", "armoured"])
def test_a_cut_off_upload_is_refused(key_pair, pgp_connection: Connect, temp, tmp_path, kept, armoured) -> None:
    stored = encrypted(key_pair, CONTENT, tmp_path, armoured=armoured)
    cut = int(len(stored) * kept) if kept > 0 else int(kept)
    if armoured and cut > -60:
        cut -= 60  # nothing is lost with the last line

    with pytest.raises(PgpError, match="integrity check fails"):
        read(stored[:cut], pgp_connection(key_pair))


@pytest.mark.parametrize(
    "more", [b"id,mail\n" * 10, b"\xcb\x0bb\x00\0\0\0\0hello", None], ids=["text", "literal", "twice"]
)
def test_something_behind_the_message_is_refused(key_pair, pgp_connection: Connect, temp, tmp_path, more) -> None:
    stored = encrypted(key_pair, CONTENT, tmp_path)

    with pytest.raises(PgpError):
        read(stored + (more or stored), pgp_connection(key_pair))


def test_line_ends_behind_armour_are_no_tampering(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    stored = encrypted(key_pair, CONTENT, tmp_path, armoured=True)

    assert read(stored + b"\n" * 300_000, pgp_connection(key_pair)) == CONTENT
    assert read(stored.replace(b"\n", b"\r\n"), pgp_connection(key_pair)) == CONTENT


def test_encrypted_for_another_key_names_both(key_pair, other_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    stored = encrypted(other_pair, CONTENT, tmp_path)

    with pytest.raises(PgpError, match=r"encrypted for key [0-9A-F]{16}, connection 'pgp_test' has [0-9A-F]{16}\."):
        read(stored, pgp_connection(key_pair))


@pytest.mark.parametrize("passphrase", ["wrong", ""])
def test_a_wrong_passphrase_is_not_the_files_fault(
    key_pair, pgp_connection: Connect, temp, tmp_path, passphrase, caplog
) -> None:
    stored = encrypted(key_pair, CONTENT, tmp_path)

    with pytest.raises(AccessDeniedError, match="does not open with its passphrase") as caught:
        read(stored, pgp_connection(replace(key_pair, passphrase=passphrase)))
    assert not isinstance(caught.value, FileFormatError)
    assert "wrong" not in str(caught.value)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"private_key": ""}, "has no private_key in its extra"),
        ({"private_key": "nonsense"}, "private_key of connection 'pgp_test' cannot be used"),
        ({"passphrase": "two\nlines"}, "holds a line end"),
    ],
)
def test_an_unusable_connection_is_to_be_corrected(
    key_pair, pgp_connection: Connect, temp, tmp_path, changes, message
) -> None:
    stored = encrypted(key_pair, CONTENT, tmp_path)

    with pytest.raises(FeedConfigError, match=message):
        read(stored, pgp_connection(replace(key_pair, **changes)))


def test_a_public_key_cannot_decrypt(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    with pytest.raises(FeedConfigError, match="it holds no private key"):
        read(encrypted(key_pair, CONTENT, tmp_path), pgp_connection(replace(key_pair, private_key=key_pair.public_key)))


def test_a_missing_connection_is_to_be_made(key_pair, temp, tmp_path) -> None:
    with pytest.raises(FeedConfigError, match="connection 'nowhere' does not exist"):
        read(encrypted(key_pair, CONTENT, tmp_path), "nowhere")


def test_plain_parts_need_neither_gpg_nor_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert read(gzip.compress(CONTENT), "nowhere") == CONTENT


def test_without_gpg_it_says_how_to_get_it(key_pair, pgp_connection: Connect, tmp_path, monkeypatch) -> None:
    stored, conn_id = encrypted(key_pair, CONTENT, tmp_path), pgp_connection(key_pair)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PgpMissingError, match="apt-get install gpg"):
        read(stored, conn_id)


def test_a_feed_without_key_refuses_encrypted_parts(key_pair, tmp_path) -> None:
    for armoured in (False, True):
        stored = encrypted(key_pair, CONTENT, tmp_path, armoured=armoured)
        with pytest.raises(PgpError, match="its feed names no key"):
            list(PartStream(io.BytesIO(stored), FileFormat()).chunks())


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["PGP's own", "gzip inside"])
def test_a_bomb_is_refused_early(key_pair, pgp_connection: Connect, temp, tmp_path, pack) -> None:
    stored = encrypted(key_pair, pack(b"id,mail,first\n" * 4_000_000), tmp_path)

    with pytest.raises(DecompressionLimitError, match="-fold"):
        read(stored, pgp_connection(key_pair))
    with pytest.raises(DecompressionLimitError, match="more than 100,000 bytes"):
        read(stored, pgp_connection(key_pair), max_uncompressed=100_000, max_ratio=10_000)


def test_a_bomb_that_no_byte_of_content_comes_from_is_refused(
    key_pair, pgp_connection: Connect, temp, tmp_path
) -> None:
    stored = encrypted(key_pair, gzip.compress(b"id,mail,first\n") + b"\0" * 60_000_000, tmp_path)

    with pytest.raises(DecompressionLimitError, match="-fold"):
        read(stored, pgp_connection(key_pair))


class Breaking(io.BytesIO):
    """A storage that breaks off in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 300_000:
            raise RetriableSyncError("The storage broke off.")
        return super().read(min(size or 0, 100_000))


def test_what_the_storage_raises_arrives_as_it_is(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    stored = encrypted(key_pair, gzip.compress(os.urandom(1_000_000)), tmp_path)

    with pytest.raises(RetriableSyncError, match="The storage broke off"):
        read(Breaking(stored), pgp_connection(key_pair))


def test_a_reader_that_gives_up_leaves_nothing_running(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    stored = encrypted(key_pair, os.urandom(8_000_000), tmp_path)

    with Decryption(pgp_connection(key_pair)) as decrypt:
        assert next(PartStream(io.BytesIO(stored), FileFormat(), decrypt).chunks())


def content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a lock that is gone again, a socket
        return b""


def test_no_plaintext_is_ever_on_disk(key_pair, pgp_connection: Connect, temp: Path, tmp_path) -> None:
    stored = encrypted(key_pair, b"SECRET-LINE\n" * 700_000, tmp_path)
    with Decryption(pgp_connection(key_pair)) as decrypt:
        for _ in PartStream(io.BytesIO(stored), FileFormat(max_ratio=100_000), decrypt).chunks():
            files = [path for path in temp.rglob("*") if path.is_file()]
            assert files, "the keyring is there"
            assert not any(b"SECRET-LINE" in content_of(path) for path in files)


def test_errors_hold_no_secrets(key_pair, pgp_connection: Connect, temp, tmp_path, caplog) -> None:
    stored = bytearray(encrypted(key_pair, CONTENT, tmp_path))
    stored[2_000] ^= 1
    with pytest.raises(SyncError) as caught:
        read(bytes(stored), pgp_connection(key_pair))
    for text in (str(caught.value), caplog.text):
        assert key_pair.passphrase not in text
        assert "PRIVATE KEY" not in text
