from __future__ import annotations

from collections.abc import Iterator

from campaign_cdp.hooks.landing_zone.base import LandingZone


class Killed(BaseException):
    """The process ends here."""


def small(text: str) -> Iterator[bytes]:
    yield text.encode()


def blocks(count: int, size: int = 1024 * 1024) -> Iterator[bytes]:
    for n in range(count):
        yield bytes([n % 251]) * size


def text_of(zone: LandingZone, key: str) -> str | None:
    obj = zone.stat(key)
    return zone.read_small(obj).decode() if obj else None


def keys_below(zone: LandingZone, prefix: str) -> list[str]:
    return [obj.key for page in zone.iter_pages(prefix) for obj in page]
