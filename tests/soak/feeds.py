"""Generated feeds: copies of the shipped ones that do not get in each other's way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.loader import load_feeds
from tests.places import ROOT_KEYS
from tests.soak.environment import REPO

_SHIPPED: Final = REPO / "include" / "feeds"
#: Every so many imports, one has its files on the local zone instead of S3.
_LOCAL_EVERY: Final = 25
#: Share of event exports: one in so many feeds.
_EXPORT_EVERY: Final = 25


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many feeds of each direction."""

    imports: int
    exports: int

    @classmethod
    def of(cls, feeds: int) -> Numbers:
        exports = feeds // _EXPORT_EVERY or int(feeds > 1)
        return cls(feeds - exports, exports)


def write_feeds(folder: Path, numbers: Numbers, **changes: Any) -> list[Feed]:
    """Write feed files and return what they mean.

    :param changes: keys that all imports get.
    :raises SystemExit: if one of them is broken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    full, incremental = _shipped("loyalty_gold"), _shipped("cart_abandoners")
    for number in range(numbers.imports):
        template = incremental if number % 2 else full
        zone = "local" if number % _LOCAL_EVERY == _LOCAL_EVERY - 1 else "s3"
        _write(folder, f"audience_{number:03}", {**_import(template, number, zone), **changes})
    for number in range(numbers.exports):
        _write(folder, f"events_{number:03}", _export(_shipped("delivery_events"), number))
    feeds, errors = load_feeds(folder)
    if errors:
        raise SystemExit("\n".join(error.message for error in errors))
    return feeds


def _shipped(name: str) -> dict[str, Any]:
    feed: dict[str, Any] = yaml.safe_load((_SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"))
    return feed


def _write(folder: Path, name: str, feed: dict[str, Any]) -> None:
    text = yaml.safe_dump({**feed, "id": name}, sort_keys=False, allow_unicode=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def _import(feed: dict[str, Any], number: int, zone: str) -> dict[str, Any]:
    name = f"audience_{number:03}"
    place = {"type": zone, "connection": f"landing_zone_{zone}", ROOT_KEYS[zone]: "aep-exports"}
    return {
        **feed,
        "schedule": "* * * * *",
        "poll_interval": "5s",
        "landing_zone": {**place, "prefix": f"audiences/{name}/"},
        "list": {**feed["list"], "name": name.upper(), "label": name},
        "historise": {"prefix": f"historised/{name}/", "days": 30},
        "rejects": {"max_pct": 5},
        # Each export is about other people, so that the truth about one does not depend on those before it.
        **({"volume_guard": {"max_removed_pct": 100}} if feed["export"] == "full" else {}),
        "alerts": {"late_after": "12h"},
    }


def _export(feed: dict[str, Any], number: int) -> dict[str, Any]:
    name = f"events_{number:03}"
    folders = {"prefix": f"events/{name}/", "staging": f"staging/{name}/"}
    return {
        **feed,
        "schedule": "*/10 * * * *",
        "landing_zone": {**feed["landing_zone"], **folders},
        "logs": {"tracking": {"overlap": "7d"}},
        "window": {"first_run": "all", "settle": "0s"},
    }
