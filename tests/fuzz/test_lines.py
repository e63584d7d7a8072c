"""The line reader against Python's own, where that says what a text means; and that nothing is ever lost."""

from __future__ import annotations

import csv
import io

from hypothesis import assume, given
from hypothesis import strategies as st

from campaign_cdp.replay import correction_lines
from campaign_cdp.rows.picker import RecordPicker
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject
from tests.fuzz.effort import effort, outcome
from tests.fuzz.mutate import spoilt_bytes
from tests.rows.parts import a_feed, read_part

_COLUMNS = ["account", "text1", "text2"]
_FEED = a_feed({name: {"from": name} for name in _COLUMNS}, file={"null_tokens": ["null"]})
_HEADER = ",".join(_COLUMNS) + "\n"
_FIELDS = st.one_of(
    st.text(st.sampled_from('ab",;\n\té𝄞 '), max_size=6).map(lambda text: '"' + text.replace('"', '""') + '"'),
    st.text(st.sampled_from("ab;'é𝄞\t "), max_size=6),
    st.sampled_from(["null", '"null"', '""', "\\.", "#", "0", "x" * 300]),
)
_LINES = st.lists(st.lists(_FIELDS, min_size=2, max_size=4).map(",".join), max_size=8).map("\n".join)
_SPOILT = spoilt_bytes((_HEADER + 'a,b,c\n"a","b ""x""","c\nd"\n\nnull,,""\n"a\\"b",é,"c\\\\"\n' * 3).encode())


@effort(150)
@given(text=_LINES, end=st.sampled_from(["\n", "\r\n", ""]))
def test_a_legal_text_means_what_it_means_to_python(text: str, end: str) -> None:
    records = [record for record in csv.reader(io.StringIO(text + end, newline=""), strict=True) if record]
    assume(all(len(record) == len(_COLUMNS) or "\n" not in "".join(record) for record in records))
    found = read_part((_HEADER + text + end).encode(), _FEED)

    expected, rejected = [], 0
    for record in records:
        values = [value.strip(" \t") for value in record]
        is_bad = len(values) != len(_COLUMNS) or values[0] in {"", "null"} or any(len(value) > 255 for value in values)
        rejected += is_bad
        if not is_bad:
            expected.append(tuple(None if value in {"", "null"} else value.replace("\r\n", "\n") for value in values))
    assert found.rows == expected
    assert len(found.rejects) == rejected


@effort(150)
@given(data=_SPOILT)
def test_every_record_of_a_spoilt_text_is_loaded_or_rejected(data: bytes) -> None:
    rejects: list[Reject] = []
    reader = PartReader(io.BytesIO(data), _FEED, rejects.append)
    found, refused = outcome(read_part, data, _FEED)
    if refused:
        assert refused.startswith("ACR-3")
        return
    reader.open()
    records = list(reader.records())
    assert found.reader.counts.rows + found.reader.counts.rejected == len(records) + len(rejects)
    assert sum(1 for reject in found.rejects if not 1 < reject.line_no <= data.count(b"\n") + 1) == 0


@effort(100)
@given(data=_SPOILT)
def test_a_rejected_line_is_found_again_for_a_replay(data: bytes) -> None:
    found, refused = outcome(read_part, data, _FEED)
    if refused:
        return
    wanted = [reject.line_no for reject in found.rejects]
    picker = RecordPicker(io.BytesIO(data), _FEED, lambda _: None)
    picker.open()
    assert [line_no for line_no, _, _ in picker.picked(iter(wanted))] == wanted


_CORRECTION = (
    "reject_part,reject_line,reject_reason,"
    + _HEADER
    + "1,2,bad,a,b,c\n2,999999999999999999,bad,a,b,c\n,,,a,b,c\nx,-1,,a,b,c\n"
)


@effort(100)
@given(data=spoilt_bytes(_CORRECTION.encode()))
def test_a_corrected_file_is_read_or_refused(data: bytes) -> None:
    lines, refused = outcome(lambda: list(correction_lines(io.BytesIO(data), _FEED)))
    assert not refused or refused.startswith("ACR-3")
    assert all(0 <= line.rejected_part_no < 10**9 and 0 <= line.rejected_line_no < 10**18 for line in lines or ())
