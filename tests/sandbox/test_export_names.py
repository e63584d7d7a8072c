from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.export_names import DEFAULT_NAME, expand, part_name

_AT = datetime(2020, 4, 8, 6, 18, 4, tzinfo=UTC)
_VALUES = {
    "DESTINATION": "amazon-s3",
    "SEGMENT_ID": "12341e18-abcd-49c2-836d-123c88e76c39",
    "SEGMENT_NAME": "Luxury Audience",
}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT_NAME, "amazon-s3_segment12341e18-abcd-49c2-836d-123c88e76c39_20200408061804"),
        ("%DESTINATION%_%SEGMENT_NAME%_%DATETIME(YYYYMMdd_HHmmss)%", "amazon-s3_Luxury Audience_20200408_061804"),
        ("%DESTINATION%_%DATETIME%", "amazon-s3_20200408_061804"),
        ("%DESTINATION%_%TIMESTAMP%", "amazon-s3_1586326684"),
        ("acme/%SEGMENT_NAME%/%SEGMENT_ID%/", "acme/Luxury Audience/12341e18-abcd-49c2-836d-123c88e76c39/"),
    ],
)
def test_macros(template: str, name: str) -> None:
    assert expand(template, _VALUES, _AT) == name


def test_times_are_utc() -> None:
    assert expand("%DATETIME(HHmm)%", {}, _AT.astimezone(timezone(timedelta(hours=5)))) == "0618"


def test_an_unknown_macro_is_told() -> None:
    with pytest.raises(SandboxError, match=r"%SEGMENTNAME% .* is not one of AEP's macros .*SEGMENT_NAME"):
        expand("%DESTINATION%_%SEGMENT_NAME%_%SEGMENTNAME%", _VALUES, _AT)


def test_the_first_part_has_no_number() -> None:
    assert [part_name("a", ".csv.gz", n) for n in (1, 2, 10)] == ["a.csv.gz", "a_2.csv.gz", "a_10.csv.gz"]
