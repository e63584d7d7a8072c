from __future__ import annotations

import csv
import io

import pytest

from campaign_cdp.rows.reject_file import reject_lines


def read_back(*rows: tuple[object, ...]) -> list[list[str]]:
    text = b"".join(reject_lines(rows)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@pytest.mark.parametrize(
    "value",
    ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=cmd|' /c x'!A0"],
)
def test_a_value_is_no_formula_to_a_spreadsheet(value: str) -> None:
    assert read_back((1, 2, "location/city", "too_long", value, None)) == [
        ["1", "2", "location/city", "too_long", f"'{value}", ""]
    ]


@pytest.mark.parametrize("value", ["Xxx-9@x.xx", "", "Straße = 1", "'quoted'", 'a "b", c'])
def test_other_values_stay_as_they_are(value: str) -> None:
    assert read_back((1, 2, "email", "bad_email", value, 7)) == [["1", "2", "email", "bad_email", value, "7"]]


def test_thousands_are_written_in_blocks() -> None:
    blocks = list(reject_lines((1, n, None, "ragged_line", "=x", None) for n in range(12_000)))
    assert len(blocks) == 3
    assert len(b"".join(blocks).splitlines()) == 12_001
