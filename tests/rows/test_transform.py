from __future__ import annotations

import io
import traceback

import pandas as pd
import pytest

from campaign_cdp.exceptions import FeedConfigError, TransformError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.transform import load_transform, transformed_lines

FEED = AudienceFeed.model_validate(
    {
        "id": "gold",
        "direction": "audience_import",
        "owner": "o",
        "export": "full",
        "landing_zone": {"type": "s3", "connection": "c", "bucket": "b", "prefix": "in/"},
        "columns": {"email": {"from": "email"}, "firstName": {"from": "name"}},
        "reconciliation_key": "email",
    }
)


def reads_a_number(frame: pd.DataFrame) -> pd.DataFrame:
    frame["firstName"].astype(int)
    return frame


def repeats_what_it_got(frame: pd.DataFrame) -> pd.DataFrame:
    raise ValueError(f"cannot do with {frame.iloc[0].to_dict()}")


def hides_what_it_got(frame: pd.DataFrame) -> pd.DataFrame:
    try:
        return frame.loc[frame.iloc[0]["email"]]
    except KeyError as err:
        raise RuntimeError("something else") from err


@pytest.mark.parametrize("transform", [reads_a_number, repeats_what_it_got, hides_what_it_got])
def test_what_a_transform_says_stays_out_of_the_log(transform) -> None:
    reader = PartReader(io.BytesIO(b"email,name\nzyx@marker.example,Zyxwv\n"), FEED, lambda _: None)
    reader.open()
    with pytest.raises(TransformError, match=r"raised \w+Error in test_transform.py, line \d+") as caught:
        list(transformed_lines(reader, FEED, transform))
    assert "zyx" not in "".join(traceback.format_exception(caught.value)).lower()


@pytest.mark.parametrize("reference", ["tests.rows.nothing:f", "tests.rows.test_transform:nothing", "tests.nowhere:f"])
def test_a_transform_that_is_not_there_is_the_feeds_error(reference: str) -> None:
    with pytest.raises(FeedConfigError, match="cannot be imported"):
        load_transform(reference)
