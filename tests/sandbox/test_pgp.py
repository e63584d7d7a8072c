"""The sandbox's keys, and AEP's two ends with them."""

from __future__ import annotations

import gzip
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.rows.sniff import Content, content_of
from campaign_cdp.sandbox.audiences import Audience
from campaign_cdp.sandbox.pgp import PgpKeyPair, kept_connections, key_pair_in, new_key_pair
from campaign_cdp.sandbox.platform import Destination, WrittenExport, export
from campaign_cdp.sandbox.source_files import BadFileError, SourceFormat, SourceReader
from campaign_cdp.sandbox.storages import OutsideObject
from tests.pgp import decrypted, encrypted, needs_gpg

pytestmark = needs_gpg
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
AUDIENCE = Audience(("crmId", "personalEmail.address"), "crmId", known=200, unchanged=70, new=20)


@pytest.fixture(scope="module")
def keys() -> PgpKeyPair:
    return new_key_pair()


def written(destination: Destination) -> tuple[WrittenExport, dict[str, bytes]]:
    files: dict[str, bytes] = {}
    result = export(AUDIENCE, destination, lambda key, path: files.update({key: path.read_bytes()}), scheduled_at=AT)
    return result, files


@pytest.mark.parametrize("ending", [".gpg", ""])
def test_a_destination_encrypts_after_compression(keys: PgpKeyPair, tmp_path: Path, ending: str) -> None:
    plain = Destination("gold/", "Gold", max_rows=50, compression="gzip")
    expected, plain_files = written(plain)

    result, files = written(replace(plain, pgp=keys, pgp_ending=ending))

    assert [part.key for part in result.parts] == [part.key + ending for part in expected.parts]
    for part, before in zip(result.parts, expected.parts, strict=True):
        assert content_of(files[part.key]) is Content.PGP
        inside = decrypted(keys, files[part.key], tmp_path)
        assert gzip.decompress(inside) == gzip.decompress(plain_files[before.key])
    manifest = json.loads(files[result.manifest_key or ""])
    assert [entry["size"] for entry in manifest["exportResults"]] == [len(files[part.key]) for part in result.parts]


class Stored:
    """A storage of one file."""

    url = "memory"

    def __init__(self, folder: Path, body: bytes) -> None:
        self._path = folder / "stored"
        self._path.write_bytes(body)

    def open(self, key: str) -> Any:
        return self._path.open("rb")


def rows(folder: Path, body: bytes, keys: PgpKeyPair) -> int:
    how = SourceFormat("jsonl", "gzip", pgp=keys)
    return len(list(SourceReader(Stored(folder, body), how, None).rows(OutsideObject("a", len(body), AT))))  # type: ignore[arg-type]


def test_sources_decrypt_first(keys: PgpKeyPair, tmp_path: Path) -> None:
    body = encrypted(keys, gzip.compress(b'{"_id": "1"}\n' * 3), tmp_path)

    assert rows(tmp_path, body, keys) == 3


def test_sources_refuse_what_they_cannot_decrypt(keys: PgpKeyPair, tmp_path: Path) -> None:
    body = bytearray(encrypted(keys, gzip.compress(b"{}\n" * 9), tmp_path))
    body[-1] ^= 1
    for bad in (bytes(body), gzip.compress(b"{}\n")):
        with pytest.raises(BadFileError) as caught:
            rows(tmp_path, bad, keys)
        assert caught.value.reason == "bad_encryption"


def test_a_kept_pair_stays_the_same_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "pgp"
    assert kept_connections(folder) == {}

    made = key_pair_in(folder)

    assert key_pair_in(folder) == made
    assert stat.S_IMODE((folder / "private.asc").stat().st_mode) == 0o600
    connection = json.loads(kept_connections(folder)["AIRFLOW_CONN_PGP"])
    assert connection["conn_type"] == "pgp"
    assert connection["extra"] == {"private_key": made.private_key, "public_key": made.public_key}


def test_without_gpg_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SandboxError, match="apt-get install gpg"):
        new_key_pair()
