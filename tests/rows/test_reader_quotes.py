"""Quotes: what they protect, what a stray one may cost."""

from __future__ import annotations

import pytest

from tests.rows.parts import a_feed, read_part

H = "id,mail,first\n"
ANN, BOB = "C1,ann@x.io,Ann\n", "C2,bob@x.io,Bob\n"
ANN_ROW, BOB_ROW = ("C1", "ann@x.io", "Ann"), ("C2", "bob@x.io", "Bob")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ('"Ann, A."', "Ann, A."),
        ('"Ann\nA."', "Ann\nA."),
        ('"A\n\n\nB"', "A\n\n\nB"),
        ('"Ann ""A"""', 'Ann "A"'),
        ('"Ann \\"A\\""', 'Ann "A"'),
        ('"A\\\\"', "A\\"),
        ("A\\", "A\\"),
        ('A"nn', 'A"nn'),
        ('""', None),
        ('"null"', None),
        ('" NULL "', None),
        ('"Zoë, Ж"', "Zoë, Ж"),
    ],
)
def test_quoted_fields(field: str, value: str | None) -> None:
    outcome = read_part(H + f"C7,,{field}\n" + ANN + "bad\n")
    line_no = 4 + field.count("\n")
    assert (outcome.rows, outcome.codes) == ([("C7", None, value), ANN_ROW], [(line_no, "ragged_line", None)])


@pytest.mark.parametrize(
    "line",
    [
        '"C1,ann@x.io,Ann',
        'C1,ann@x.io,"Ann',
        'C1,"ann"x,Ann',
        '"C1"",ann@x.io,Ann',
        'C1,ann@x.io,"Ann\\"',
        'C1,"ann@x.io" ,Ann',
    ],
)
@pytest.mark.parametrize(
    "behind", [BOB * 3, '"C2","bob@x.io","Bob"\n' * 3, BOB * 80_000], ids=["plain", "quoted", "long"]
)
def test_a_stray_quote_costs_its_own_line_only(line: str, behind: str) -> None:
    outcome = read_part(H + ANN + line + "\n" + behind)
    assert outcome.codes == [(3, "unbalanced_quote", None)]
    assert outcome.rows == [ANN_ROW] + [BOB_ROW] * behind.count("\n")


def test_a_stray_quote_on_every_line_is_no_trap() -> None:
    outcome = read_part(H + 'C1,ann@x.io,"Ann\n' * 20_001)
    assert outcome.reader.counts.rejected == 20_001
    assert outcome.reader.counts.by_code == {"unbalanced_quote": 20_001}


def test_a_stray_quote_that_finds_a_partner_lines_later_gives_back_the_lines_between() -> None:
    outcome = read_part(H + '"C8,a@x.io,A\n' + BOB + ANN + 'C9,d@x.io,5"\n' + BOB)
    assert outcome.codes == [(2, "unbalanced_quote", None)]
    assert outcome.rows == [BOB_ROW, ANN_ROW, ("C9", "d@x.io", '5"'), BOB_ROW]


@pytest.mark.parametrize("size", [999_000, 1_200_000])
def test_a_record_over_several_lines_has_a_largest_size(size: int) -> None:
    """Whether it fits must not depend on where a block ends."""
    for shift in (0, 300_000):
        text = (
            "id,mail,first,x\n"
            + "C2,bob@x.io,Bob,\n" * (shift // 17)
            + 'C1,ann@x.io,Ann,"'
            + ("x" * 99 + "\n") * (size // 100)
            + '"\n'
        )
        outcome = read_part(text)
        if size < 1_000_000:
            assert (outcome.codes, outcome.rows[-1]) == ([], ANN_ROW)
        else:
            assert outcome.codes[0] == (2 + shift // 17, "unbalanced_quote", None)
            assert outcome.codes[1] == (3 + shift // 17, "ragged_line", None)


def test_without_quoting_quotes_are_data() -> None:
    outcome = read_part(H + 'C1,ann@x.io,"Ann\nC2,bob@x.io,6\'2" Bob\nC3,,"a,b"\n', a_feed(file={"quote": ""}))
    assert outcome.rows == [("C1", "ann@x.io", '"Ann'), ("C2", "bob@x.io", "6'2\" Bob")]
    assert outcome.codes == [(4, "ragged_line", None)]


@pytest.mark.parametrize("delimiter", list("\t;|:"))
def test_other_delimiters(delimiter: str) -> None:
    columns = {"account": {"from": "id"}, "firstName": {"from": "first"}, "text1": {"from": "note"}}
    header = ["id", "first", "note", "segmentMembership.x.status", "segmentMembership.x.lastQualificationTime"]
    rows = [
        ["C1", "Ann", "a,b", "realized", '"2021-03-10T10:03:08Z"'],
        ["C2", f'"B{delimiter}B"', "Null", "exited", "null"],
    ]
    text = "".join(delimiter.join(fields) + "\n" for fields in [header, *rows])
    outcome = read_part(text, a_feed(columns, file={"delimiter": delimiter}))
    assert outcome.codes == []
    assert outcome.rows[0][:4] == ("C1", "Ann", "a,b", "realized")
    assert outcome.rows[1] == ("C2", f"B{delimiter}B", "Null", "exited", None)
