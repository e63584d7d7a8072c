from __future__ import annotations

import gzip
import io

import pytest

from campaign_cdp.exceptions import HeaderError, SyncDataError
from campaign_cdp.ledger.replays import OpenReject, ReplayLine
from campaign_cdp.replay import PickedRecord, ReplayPart, correction_lines, correction_tag, replay_key
from tests.rows.parts import a_feed

HEADER = b"id,mail,first\n"
COLUMNS = b"id,mail,first,reject_part,reject_line,reject_reason\n"


def picked(line_no: int, record: bytes, *, part_no: int = 1, is_whole: bool = True) -> PickedRecord:
    return PickedRecord(OpenReject(part_no, line_no, "bad_email"), HEADER, record, is_whole)


def corrected(*lines: bytes) -> list[ReplayLine]:
    return list(correction_lines(io.BytesIO(COLUMNS + b"".join(lines)), a_feed()))


def test_part_of_a_replay_tells_what_its_lines_stand_for() -> None:
    part = ReplayPart(iter([picked(7, b'A1,"two\nlines",Ann\n'), picked(3, b"A2,bad,Bob\n", part_no=2)]))

    assert b"".join(part.body()) == HEADER + b'A1,"two\nlines",Ann\nA2,bad,Bob\n'
    assert list(part.lines) == [ReplayLine(2, 1, 7), ReplayLine(4, 2, 3)]


def test_lines_with_open_quotes_never_meet() -> None:
    """Together they would be one record with the address of one person and the name of another."""
    records = [picked(2, b'A1,a@x.io,"Ann\n', is_whole=False), picked(4, b'A3,bad,Cid"\n')]
    part = ReplayPart(iter(records))

    assert b"".join(part.body()) == HEADER + b'A3,bad,Cid"\n'
    assert list(part.lines) == [ReplayLine(2, 1, 4)]


@pytest.mark.parametrize("records", [[], [picked(2, b'A1,a@x.io,"Ann\n', is_whole=False)]])
def test_nothing_to_replay_is_told(records: list[PickedRecord]) -> None:
    with pytest.raises(SyncDataError, match="no rejected lines that could be replayed"):
        b"".join(ReplayPart(iter(records)).body())


def test_correction_tells_what_its_lines_stand_for() -> None:
    assert corrected(b'A1,a@x.io,"two\nlines",1,7,bad_email\n', b"A2,b@x.io,Bob, 2 ,3,\n") == [
        ReplayLine(2, 1, 7),
        ReplayLine(4, 2, 3),
    ]


@pytest.mark.parametrize("tie", [b",", b"x,3", b"1,-3", b"1,3.0", b"1,9999999999999999999", b"9999999999,1"])
def test_line_that_does_not_say_what_it_stands_for_is_of_no_part(tie: bytes) -> None:
    assert corrected(b"A1,a@x.io,Ann," + tie + b",\n") == [ReplayLine(2, 0, 0)]


def test_ragged_line_stands_for_nothing_and_is_rejected_when_it_is_loaded() -> None:
    assert corrected(b"A1,a@x.io,Ann\n", b"A2,b@x.io,Bob,2,3,\n") == [ReplayLine(3, 2, 3)]


def test_columns_may_stand_anywhere_but_have_to_be_there() -> None:
    moved = io.BytesIO(b"reject_line,id,mail,first,reject_part\n3,A1,a@x.io,Ann,2\n")
    assert list(correction_lines(moved, a_feed())) == [ReplayLine(2, 2, 3)]

    with pytest.raises(HeaderError, match="lacks the columns reject_part and reject_line"):
        list(correction_lines(io.BytesIO(b"id,mail,first,reject_line\nA1,a@x.io,Ann,3\n"), a_feed()))


def test_correction_is_known_by_its_content() -> None:
    content = COLUMNS + b"A1,a@x.io,Ann,1,2,\n"

    tags = {correction_tag(io.BytesIO(body), a_feed()) for body in (content, gzip.compress(content), content + b"\n")}

    assert len(tags) == 2, "packing changes nothing, another byte does"


def test_replays_of_encrypted_feeds_say_so_in_their_names() -> None:
    assert replay_key(a_feed(), 7, "abc") == "rejects/sample/replay/run_7_abc.csv"
    assert replay_key(a_feed(pgp="key"), 7, "abc") == "rejects/sample/replay/run_7_abc.csv.gpg"
