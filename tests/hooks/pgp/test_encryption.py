from __future__ import annotations

import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from campaign_cdp.exceptions import FeedConfigError, PgpMissingError, RetriableSyncError
from campaign_cdp.hooks.pgp.decryption import Decryption
from campaign_cdp.hooks.pgp.encryption import Encryption
from campaign_cdp.rows.sniff import Content, content_of
from campaign_cdp.sandbox.pgp import PgpKeyPair, new_key_pair
from tests.pgp import decrypted, needs_gpg

pytestmark = needs_gpg
Connect = Callable[[PgpKeyPair], str]


def encrypt(conn_id: str, chunks: Iterator[bytes]) -> bytes:
    with Encryption(conn_id) as encryption:
        return b"".join(encryption(chunks))


@pytest.mark.parametrize("size", [0, 1, 100, 2_000_000])
def test_aep_reads_what_was_encrypted(key_pair, pgp_connection: Connect, temp, tmp_path, size) -> None:
    content = os.urandom(size)
    pieces = (content[at : at + 70_001] for at in range(0, size, 70_001))

    stored = encrypt(pgp_connection(replace(key_pair, private_key="", passphrase="")), pieces)

    assert content_of(stored) is Content.PGP
    assert decrypted(key_pair, stored, tmp_path) == content


def test_an_empty_chunk_is_not_the_end(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    stored = encrypt(pgp_connection(key_pair), iter([b"a", b"", b"b"]))

    assert decrypted(key_pair, stored, tmp_path) == b"ab"


def test_several_files_take_turns(key_pair, pgp_connection: Connect, temp, tmp_path) -> None:
    with Encryption(pgp_connection(key_pair)) as encryption:
        files = [b"".join(encryption(iter([text]))) for text in (b"one", b"two")]

    assert [decrypted(key_pair, file, tmp_path) for file in files] == [b"one", b"two"]


def test_an_expired_key_encrypts_nothing(pgp_connection: Connect, temp, tmp_path) -> None:
    with pytest.raises(FeedConfigError, match="it has expired"):
        encrypt(pgp_connection(new_key_pair(expired=True)), iter([b"x" * 1_000_000] * 5))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"public_key": ""}, "has no public_key in its extra"),
        ({"public_key": "nonsense"}, "holds 0 keys"),
    ],
)
def test_an_unusable_connection_is_to_be_corrected(key_pair, pgp_connection: Connect, temp, changes, message) -> None:
    with pytest.raises(FeedConfigError, match=message):
        encrypt(pgp_connection(replace(key_pair, **changes)), iter([b"x"]))


def test_one_key_is_the_recipient(key_pair, other_pair, pgp_connection: Connect, temp) -> None:
    with pytest.raises(FeedConfigError, match="holds 2 keys"):
        encrypt(pgp_connection(replace(key_pair, public_key=key_pair.public_key + other_pair.public_key)), iter([b"x"]))
    with pytest.raises(FeedConfigError, match="must not leave its owner"):
        encrypt(pgp_connection(replace(key_pair, public_key=key_pair.private_key)), iter([b"x"]))


def test_what_the_content_raises_arrives_as_it_is(key_pair, pgp_connection: Connect, temp) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 1_000_000
        raise RetriableSyncError("The database broke off.")

    with pytest.raises(RetriableSyncError, match="The database broke off"):
        encrypt(pgp_connection(key_pair), broken())


def test_nothing_is_read_any_more_after_it_was_given_up(key_pair, pgp_connection: Connect, temp) -> None:
    read = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield os.urandom(100_000)

    with Encryption(pgp_connection(key_pair)) as encryption:
        assert next(encryption(endless()))
    before = len(read)
    assert before < 100
    assert not [thread for thread in threading.enumerate() if thread.name == "gpg"]
    assert len(read) == before


def test_without_gpg_it_says_how_to_get_it(key_pair, pgp_connection: Connect, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PgpMissingError, match="apt-get install gpg"):
        encrypt(pgp_connection(key_pair), iter([b"x"]))


def test_memory_does_not_grow_with_the_file(key_pair, pgp_connection: Connect, temp) -> None:
    """Through both directions at once, so that neither is on disk."""
    block = os.urandom(250_000)
    conn_id, size = pgp_connection(key_pair), 0
    tracemalloc.start()
    with Encryption(conn_id) as encryption, Decryption(conn_id) as decrypt:
        chunks = encryption(block for _ in range(200))

        class Source:
            def read(self, size: int = 0, /) -> bytes:
                return next(chunks, b"")

        plain = decrypt(Source())
        while data := plain.read():
            size += len(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 50_000_000
    assert peak < 12_000_000
