from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from campaign_cdp.feeds.loader import load_feed
from campaign_cdp.feeds.problems import FeedFileError
from campaign_cdp.limits.loader import LimitsFileError, load_limits
from tests.operators.importing import FEED

SLACK = {"type": "slack", "connection": "slack_alerts"}
MAIL = {"type": "email", "connection": "smtp_default", "to": ["ops@example.com"]}


def problems(folder: Path, **alerts: Any) -> list[str]:
    path = folder / "gold.yaml"
    path.write_text(
        yaml.safe_dump(
            {**FEED, "alerts": alerts, "landing_zone": {"type": "local", "connection": "c", "prefix": "in/"}}
        )
    )
    try:
        load_feed(path)
    except FeedFileError as err:
        return [f"{problem.key}: {problem.text}" for problem in err.problems]
    return []


def test_channels_of_all_types_are_good(tmp_path: Path) -> None:
    hook = {"type": "webhook", "connection": "ops", "kinds": ["failed", "late"]}

    assert problems(tmp_path, notify=[MAIL, {**MAIL, "to": ["crm@example.com"]}, SLACK, hook], repeat_after="20h") == []


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ({"notify": [{**SLACK, "type": "slak"}]}, "'slak' is not allowed; write 'email', 'slack' or 'webhook'"),
        ({"notify": [{**SLACK, "conection": "x"}]}, "unknown key. Did you mean 'connection'?"),
        ({"notify": [{"type": "slack"}]}, "required key is missing. Airflow connection id"),
        ({"notify": [{**MAIL, "to": ["Ops <ops@example.com>"]}]}, "is not an e-mail address"),
        ({"notify": [{**MAIL, "to": []}]}, "names nobody"),
        ({"notify": [{**SLACK, "kinds": ["fail"]}]}, "Did you mean 'failed'?"),
        ({"notify": [SLACK, SLACK]}, "repeats a channel of type slack over slack_alerts"),
        ({"rejects_pct": 101}, "less than or equal to 100"),
        ({"repeat_after": "5s"}, "5s is too often"),
        ({"shrank": 5}, "unknown key. Did you mean 'shrank_pct'?"),
    ],
)
def test_mistake_is_explained_at_its_key(tmp_path: Path, alerts: dict[str, Any], words: str) -> None:
    (found,) = problems(tmp_path, **alerts)

    assert found.startswith("alerts.")
    assert words in found


def test_limits_file_takes_the_same_channels(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(yaml.safe_dump({"notify": [MAIL, SLACK]}))
    assert [channel.type for channel in load_limits(path).notify] == ["email", "slack"]

    path.write_text(yaml.safe_dump({"notify": [SLACK, SLACK]}))
    with pytest.raises(LimitsFileError, match="repeats a channel"):
        load_limits(path)
