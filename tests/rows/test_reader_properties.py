"""Whatever the writer's dialect, the storage's reads and the place of bad lines: values and line numbers are exact."""

from __future__ import annotations

import gzip
import io
import re
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.exceptions import SyncError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject
from tests.fuzz.effort import effort
from tests.rows.parts import Drip, Outcome, a_feed, copy_rows, read_part

_TEXTS = ["text1", "text2", "text3"]
_COLUMNS = {"account": {"from": "account"}} | {name: {"from": name} for name in _TEXTS}
_HEADER = ["account", *_TEXTS]
_TOKENS = ("null", "NULL", "")
#: Line ends of Windows become those of Unix and blanks around values go; everything else has to survive.
_VALUES = st.text(st.sampled_from("ab\"\\\n\r,;|:\t'{éЖ𝄞 \x01"), max_size=12).map(
    lambda text: re.sub(r"\r+\n", "\n", text).strip(" \t")
)
_ROWS = st.lists(
    st.tuples(_VALUES.filter(bool), *[st.one_of(_VALUES.map(lambda v: v or None), st.none()) for _ in _TEXTS]),
    min_size=1,
    max_size=8,
)
_DELIMITERS = st.sampled_from(",\t;|:")


def _feed(delimiter: str, escape: str = "\\") -> AudienceFeed:
    return a_feed(_COLUMNS, file={"delimiter": delimiter, "escape": escape, "null_tokens": _TOKENS})


def _spark(value: str, delimiter: str, escape: str) -> str:
    if not re.search(rf"[\n\r\"{re.escape(delimiter)}]", value):
        return value
    return '"' + value.replace(escape, escape * 2).replace('"', escape + '"') + '"'


def _rfc4180(value: str, delimiter: str, _: str) -> str:
    return value if not re.search(rf"[\n\r\"{re.escape(delimiter)}]", value) else '"' + value.replace('"', '""') + '"'


@effort(200)
@given(
    rows=_ROWS, delimiter=_DELIMITERS, escape=st.sampled_from("\\'"), null=st.sampled_from(["null", "NULL", "", '""'])
)
def test_what_sparks_writer_wrote_is_read_back_exactly(
    rows: list[tuple[str | None, ...]], delimiter: str, escape: str, null: str
) -> None:
    text = "".join(
        delimiter.join(null if value is None else _spark(value, delimiter, escape) for value in row) + "\n"
        for row in [_HEADER, *rows]
    )
    outcome = read_part(text, _feed(delimiter, escape))
    assert (outcome.rows, outcome.codes) == (rows, [])


@effort(200)
@given(rows=_ROWS, delimiter=_DELIMITERS)
def test_what_an_rfc_4180_writer_wrote_is_read_back_exactly(rows: list[tuple[str | None, ...]], delimiter: str) -> None:
    """But for a backslash before a quote or another backslash, which to Spark is an escape."""
    rows = [tuple(v and (re.sub(r'\\+(?=["\\])', "", v).rstrip(" \t\\") or "a") for v in row) for row in rows]
    text = "".join(
        delimiter.join("" if value is None else _rfc4180(value, delimiter, "") for value in row) + "\r\n"
        for row in [_HEADER, *rows]
    )
    outcome = read_part(text, _feed(delimiter))
    assert (outcome.rows, outcome.codes) == (rows, [])


#: Text of a record, how many physical lines it takes, and its reject if it is one.
_KINDS: list[tuple[bytes, int, tuple[str, str | None] | None]] = [
    (b"C1,ann@x.io,Ann", 1, None),
    (b"C2,null,null", 1, None),
    (b'"C3","ann@x.io","Ann, ""A"""', 1, None),
    (b'C4,ann@x.io,"A\nn\n\nn"', 4, None),
    (b'C5,Ann@X.io,"A\\"n"', 1, None),
    ("C6,,Zoë".encode(), 1, None),
    (b"", 1, None),
    (b"C7,ann@x.io", 1, ("ragged_line", None)),
    (b'"C8\n2",ann,"A\nB"', 3, ("bad_email", "email")),
    (b"C9,ann@x.io,Zo\xeb", 1, ("bad_encoding", "firstName")),
    (b",ann@x.io,Ann", 1, ("missing_value", "account")),
    (b'CA,"ann@x.io"x,Ann', 1, ("unbalanced_quote", None)),
    (b"CB,ann@x.io," + b"x" * 31, 1, ("too_long", "firstName")),
]


@st.composite
def _parts(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, str, str | None]], int]:
    """A part, its rejects, and the number of its good lines."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    text, line_no, rejects, good = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + b"id,mail,first" + end, 2, [], 0
    for record, height, reject in draw(st.lists(st.sampled_from(_KINDS), max_size=25)):
        text += record.replace(b"\n", end) + end
        if reject:
            rejects.append((line_no, *reject))
        good += bool(record) and reject is None
        line_no += height
    return (text.removesuffix(end) if draw(st.booleans()) and text.count(end) > 1 else text), rejects, good


_SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@effort(150)
@given(
    part=_parts(), sizes=_SIZES, members=st.integers(0, 3), block=st.one_of(st.just(512 * 1024), st.integers(30, 200))
)
def test_neither_reads_nor_blocks_nor_gzip_change_the_result(
    part: tuple[bytes, list[tuple[int, str, str | None]], int], sizes: list[int], members: int, block: int
) -> None:
    text, rejects, good = part
    whole = read_part(text)
    assert (whole.codes, whole.reader.counts.rows) == (rejects, good)
    stored = b"".join(gzip.compress(piece, mtime=0) for piece in _pieces(text, members)) or text
    with mock.patch("campaign_cdp.rows.decompress._BLOCK_BYTES", block):
        dripped = read_part(Drip(stored, sizes))
    assert (dripped.codes, dripped.rows) == (rejects, whole.rows)
    if block > len(text):
        assert dripped.output == whole.output
    assert dripped.reader.stream.bytes_in == len(stored)
    assert dripped.reader.stream.bytes_out == len(text)


def _pieces(text: bytes, count: int) -> list[bytes]:
    size = len(text) // max(count, 1) + 1
    return [text[n * size : (n + 1) * size] for n in range(count)]


_NOISE = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from([b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\\", b"a", b"C1,a@x.io,A\n", b"\xff", b"'"]), max_size=60).map(
        b"".join
    ),
    st.binary(max_size=60).map(gzip.compress).flatmap(lambda z: st.integers(0, len(z)).map(lambda n: z[:n])),
)  # fmt: skip


@effort(400)
@given(
    noise=_NOISE,
    header=st.sampled_from([b"", b"id,mail,first\n", b"id,mail,first\n"]),
    quote=st.sampled_from(['"', '"', ""]),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-16", "iso-8859-1", "windows-1252"]),
    packed=st.booleans(),
)
def test_noise_is_loaded_rejected_or_refused_but_never_lost(
    noise: bytes, header: bytes, quote: str, encoding: str, packed: bool
) -> None:
    part = header.decode().encode(encoding) + noise
    feed = a_feed(file={"quote": quote, "encoding": encoding})
    try:
        outcome = read_part(gzip.compress(part, mtime=0) if packed else part, feed)
    except SyncError:
        return
    counts = outcome.reader.counts
    assert counts.rows + counts.rejected == _records(gzip.compress(part, mtime=0) if packed else part, feed)
    assert outcome.rejects == sorted(outcome.rejects, key=lambda reject: reject.line_no)
    if quote == "" and encoding == "utf-8":
        lines = part.replace(b"\r\n", b"\n").split(b"\n")[1:]
        assert counts.rows + counts.rejected == len([line for line in lines if line])


def _records(part: bytes, feed: AudienceFeed) -> int:
    rejects: list[Reject] = []
    reader = PartReader(io.BytesIO(part), feed, rejects.append)
    reader.open()
    return len(list(reader.records())) + len(rejects)


@pytest.mark.parametrize("kind", range(len(_KINDS)))
def test_a_bad_line_deep_in_a_part_keeps_its_number(kind: int) -> None:
    record, _, reject = _KINDS[kind]
    good = b"C1,ann@x.io,Ann\n" * 50_000  # more than a block
    outcome: Outcome = read_part(b"id,mail,first\n" + good + record + b"\n" + good)
    assert outcome.codes == ([(50_002, *reject)] if reject else [])
    assert outcome.reader.counts.rows == 100_000 + (bool(record) and reject is None)


def test_copy_rows_reads_as_copy_does() -> None:
    """Guards the tests' own view of COPY."""
    assert copy_rows(b'a,"b ""c""\n",null\n,"null",x\n', b",", b'"', "null") == [
        ("a", 'b "c"\n', None),
        ("", None, "x"),
    ]
