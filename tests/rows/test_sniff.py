from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.rows.sniff import HEAD_BYTES, Content, content_of

CIPHER = random.Random(7).randbytes(1000)
#: What GnuPG 2.2 wrote, without the rest of the message.
RSA = bytes.fromhex("85010c031c8f7ca502513bb10107ff7a") + CIPHER
ECDH = bytes.fromhex("845e0307ec4c335c7dfc2d12010740") + CIPHER
PASSPHRASE = bytes.fromhex("8c0d04090302dc35aabbccdd11223344c9d23f01") + CIPHER
HEADER = "email,crmId,firstName\n"


@pytest.mark.parametrize(
    "head",
    [
        RSA,
        b"\xc1\xc0\x4c" + RSA[3:],
        b"\xc1\xff\x00\x00\x01\x0c" + RSA[3:],
        b"\x86\x00\x00\x01\x0c" + RSA[3:],
        ECDH,
        PASSPHRASE,
        b"\xd2\xea\x01" + CIPHER,
        b"\xd2\x80\x02\x09\x02\x10" + CIPHER,
        b"\xd4\xea\x01\x09\x02\x10" + CIPHER,
        b"\xa3\x02\x78\x9c" + CIPHER,
        b"\xc8\xed\x01" + CIPHER,
        b"\x90\x0d\x03\x00\x0a\x01" + CIPHER,
        b"\xa8\x03PGP" + RSA,
        b"\xca\x03PGP" + RSA,
        b"-----BEGIN PGP MESSAGE-----\n\nhQEMAxyPfKUCUTux",
        b"\n\r\n  -----BEGIN PGP MESSAGE-----\r\nVersion: BCPG v1.68",
        b"\xef\xbb\xbf-----BEGIN PGP MESSAGE-----\n",
    ],
    ids=lambda head: head[:6].hex(),
)
def test_pgp_in_all_its_spellings(head: bytes) -> None:
    assert content_of(head) is Content.PGP


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.csv", HEADER)
    return out.getvalue()


@pytest.mark.parametrize(
    ("stored", "content"),
    [
        (gzip.compress(b"", mtime=0), Content.GZIP),
        (archive(), Content.ZIP),
        (b"PK\x05\x06" + bytes(18), Content.ZIP),
        (bz2.compress(HEADER.encode()), Content.BZIP2),
        (bz2.compress(b""), Content.BZIP2),
    ],
)
def test_compression(stored: bytes, content: Content) -> None:
    assert content_of(stored) is content


@pytest.mark.parametrize(
    "text",
    [
        HEADER,
        "BZh9,PKid,name\n",
        "PK,id\n",
        "-----BEGIN,PGP\n",
        "£uro,Âge,„Name“,…,Œuvre\n",
        "Ëtu,été,Ãge\n",
        "Ñame,Óé\n",
        "仁七,Ƃame,εmail\n",
        "仒企,名前,電子メール\n",
        "ӃЄЁ,имя\n",
        "",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_headers_are_plain_in_every_encoding(text: str, encoding: str) -> None:
    assert content_of(text.encode(encoding, "ignore")) is Content.PLAIN


_TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")) | st.sampled_from('\t\r\n,;|"'), min_size=1
)


@given(_TEXT, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]))
def test_no_text_is_taken_for_anything_else(text: str, encoding: str) -> None:
    assert content_of(text.encode(encoding, "ignore")[:HEAD_BYTES]) is Content.PLAIN


@given(st.integers(0xC1, 0xD4), st.integers(0, 255), st.text(st.characters(codec="cp1252", categories=("L", "P", "S"))))
def test_no_text_behind_the_first_byte_of_a_packet_either(first: int, second: int, text: str) -> None:
    """In Latin-1 such a byte is a letter, so a name may begin with it."""
    second = second if second >= 0x20 else 0x2C
    assert content_of(bytes([first, second]) + text.encode("cp1252")) is Content.PLAIN
