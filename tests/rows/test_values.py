from __future__ import annotations

import pytest

from campaign_cdp.attributes import ValueType
from campaign_cdp.rows import values
from campaign_cdp.rows.values import PARSERS, BadValueError

INTEGER, BOOLEAN, DATE, TIMESTAMP = ValueType.INTEGER, ValueType.BOOLEAN, ValueType.DATE, ValueType.TIMESTAMP


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ValueType.STRING, "a\x01\n", "a\x01\n"),
        (ValueType.EMAIL, "Ann.Smith+Tag@Example.COM", "ann.smith+tag@example.com"),
        (ValueType.EMAIL, "zoë@müller.example", "zoë@müller.example"),
        (ValueType.EMAIL, "a_b'c@x-y.co.uk", "a_b'c@x-y.co.uk"),
        (INTEGER, "+007", "7"),
        (INTEGER, "-32768", "-32768"),
        (INTEGER, "32767", "32767"),
        *[(BOOLEAN, text, "true") for text in ("true", "TRUE", "True", "1", "yes", "Y", "on", "t")],
        *[(BOOLEAN, text, "false") for text in ("false", "FALSE", "0", "no", "N", "off", "f")],
        (DATE, "2024-02-29", "2024-02-29"),
        (DATE, "2024-02-29T23:30:00Z", "2024-02-29"),
        (DATE, "1000-01-01", "1000-01-01"),
        (TIMESTAMP, "2021-03-10 10:03:08", "2021-03-10T10:03:08+00:00"),
        (TIMESTAMP, "2021-03-10T10:03:08Z", "2021-03-10T10:03:08+00:00"),
        (TIMESTAMP, "2021-03-10T10:03:08.5Z", "2021-03-10T10:03:08.500000+00:00"),
        (TIMESTAMP, "2021-03-10T10:03:08+02:00", "2021-03-10T08:03:08+00:00"),
        (TIMESTAMP, "2021-03-10T10:03:08-0530", "2021-03-10T15:33:08+00:00"),
        (TIMESTAMP, "2021-03-10T10:03:08+23:00", "2021-03-09T11:03:08+00:00"),
    ],
)
def test_values_become_what_postgresql_reads(kind: ValueType, text: str, value: str) -> None:
    assert PARSERS[kind](text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ValueType.STRING, "a\0b"),
        *[
            (ValueType.EMAIL, text)
            for text in (
                "ann", "ann@", "@x.io", "ann@x", "ann@x..io", "ann@-x.io", "ann@x-.io", "a b@x.io", "a@b@x.io",
                "a;b@x.io", "a" * 65 + "@x.io", "a\x01@x.io", "a\0@x.io", "ann@x.io\n", "<ann@x.io>",
                "a\u200bnn@x.io", "ann@x.io\u200b", "\u202eann@x.io", "ann@x\u00ad.io",
            )
        ],
        *[(INTEGER, text) for text in ("32768", "-32769", "1.0", "1e3", "1_000", "٣", " 1", "1" * 5_000)],
        *[(BOOLEAN, text) for text in ("2", "ja", "truee", "null")],
        *[(DATE, text) for text in ("2023-02-29", "2023-04-31", "31.12.2023", "2023-1-1", "0999-12-31", "20230101", "2023-W01-1")],
        *[(TIMESTAMP, text) for text in (
            "2021-03-10", "2021-03-10T24:00:00", "2021-03-10T10:03", "2021-03-10T10:03:08+24:00", "0999-01-01T00:00:00",
            "9999-12-31T23:59:59-01:00", "2021-03-10t10:03:08",
        )],
    ],
)  # fmt: skip
def test_other_values_are_refused(kind: ValueType, text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        PARSERS[kind](text)
    assert caught.value.code in {f"bad_{kind}", "bad_character"}


def test_dates_and_times_can_have_a_pattern() -> None:
    assert values.date("29/02/2024", "%d/%m/%Y") == "2024-02-29"
    assert values.timestamp("29.02.2024 10:15", "%d.%m.%Y %H:%M") == "2024-02-29T10:15:00+00:00"
    assert values.timestamp("29.02.2024 10:15 +0200", "%d.%m.%Y %H:%M %z") == "2024-02-29T08:15:00+00:00"
    for text in ("2024-02-29", "31/02/2024", "01/01/0999", ""):
        with pytest.raises(BadValueError):
            values.date(text, "%d/%m/%Y")


@pytest.mark.parametrize(("text", "status"), [("realized", "realized"), ("Exited", "exited"), ("EXISTING", "existing")])
def test_membership_statuses_have_any_case(text: str, status: str) -> None:
    assert values.status(text) == status
    with pytest.raises(BadValueError):
        values.status("active")
