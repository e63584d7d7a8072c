"""JSON from outside: manifests, and answers of Adobe's API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.exceptions import SyncError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import FileSet, KnownFile, StoredObject
from campaign_cdp.file_sets.manifest import Manifest, read_manifest
from campaign_cdp.file_sets.search import find_next_file_set
from campaign_cdp.hooks.platform.errors import checked
from tests.fuzz.effort import effort, outcome
from tests.fuzz.mutate import spoilt_bytes
from tests.rows.parts import a_feed

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_PREFIX = "audiences/sample/"
_NAMES = st.one_of(
    st.sampled_from(
        [
            "export.csv",
            "export_2.csv",
            "../export.csv",
            "/etc/passwd",
            "..",
            "/",
            "a/../secret.csv",
            "secret.csv",
            "x" * 300 + ".csv",
        ]
    ),
    st.text(max_size=12).map(lambda text: text + ".csv"),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([10, "10", 10.0, -1, 10**40, "r-1"]),
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat()),
    st.sampled_from(
        [
            "2026-03-01T01:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-02-30T00:00:00Z",
            0,
            -1,
            1e300,
        ]
    ),
)
_ENTRIES = st.fixed_dictionaries(
    {}, optional={"name": _NAMES | _ANYTHING, "size": st.just(10) | _ANYTHING, "sinkPath": _NAMES | _ANYTHING}
)
_DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "flowRunId": st.just("r-1") | _ANYTHING,
            "scheduledTime": _TIMES | _ANYTHING,
            "exportResults": st.lists(_ENTRIES | _ANYTHING, max_size=4) | _ANYTHING,
            "size": _ANYTHING,
        },
    ),
    _ANYTHING,
)
_GOOD = json.dumps(
    {
        "flowRunId": "r-1",
        "scheduledTime": "2026-03-01T01:00:00Z",
        "exportResults": [{"sinkPath": "/in", "name": name, "size": 10} for name in ("export.csv", "export_2.csv")],
    },
).encode()
_BODIES = st.one_of(
    _DOCUMENTS.map(lambda document: json.dumps(document).encode()), spoilt_bytes(_GOOD), st.binary(max_size=50)
)


@effort(200)
@given(body=_BODIES)
def test_a_manifest_is_read_or_refused(body: bytes) -> None:
    manifest, refused = outcome(read_manifest, body, "s3://b/m.json")
    if refused:
        assert refused.startswith("ACR-301 s3://b/m.json")
        return
    assert isinstance(manifest, Manifest)
    assert manifest.ordered_at(_NOW).tzinfo is not None
    assert all("/" not in entry.name and entry.size >= 0 for entry in manifest.entries())


@dataclass
class _Zone:
    """A landing zone with files of other feeds beside the feed's own folder."""

    body: bytes
    url: str = "s3://b"
    seen: list[str] = field(default_factory=list)

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        keys = [
            "audiences/other/export.csv",
            f"{_PREFIX}export.csv",
            f"{_PREFIX}sub/export_2.csv",
            "audiences/secret.csv",
        ]
        yield [StoredObject(key, 10, "e", _NOW) for key in keys if key.startswith(prefix)]
        yield [StoredObject(f"{_PREFIX}manifest-d-r-1.json", len(self.body), "m", _NOW)]

    def read_small(self, obj: StoredObject, *, max_bytes: int = 0) -> bytes:
        return self.body


class _Nothing:
    """No earlier runs."""

    def known(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, KnownFile]:
        return {}

    def is_applied(self, feed: str, file_set: FileSet) -> bool:
        return False

    def last_applied(self, feed: str) -> datetime | None:
        return None


@effort(200)
@given(body=_BODIES, export=st.sampled_from(["full", "incremental"]))
def test_a_manifest_never_leads_out_of_its_folder(body: bytes, export: str) -> None:
    feed: AudienceFeed = a_feed(export=export)
    finding = find_next_file_set(_Zone(body), feed, _Nothing(), _NOW)
    if finding.file_set:
        assert all(part.key.startswith(_PREFIX) for part in finding.file_set.parts)
        assert FileSet.from_json(json.loads(json.dumps(finding.file_set.to_json()))) == finding.file_set
    else:
        assert finding.problem or finding.waiting_for
        assert finding.problem is None or finding.problem.code.startswith("ACR-3")


_ANSWERS = st.one_of(
    _ANYTHING.map(lambda document: json.dumps(document).encode()),
    st.dictionaries(
        st.sampled_from(["access_token", "error", "error_description", "title", "detail", "message", "sandboxes"]),
        _ANYTHING,
    ).map(lambda document: json.dumps(document).encode()),
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"<html>", b"[" * 50_000, b'{"a":' * 20_000, b"9" * 6_000, b'"\\ud800"', b'{"error": "\\ud800"}']
    ),
)


@effort(150)
@given(body=_ANSWERS, status=st.sampled_from([200, 204, 302, 400, 401, 403, 404, 418, 429, 500, 503]))
def test_an_answer_of_adobes_api_is_read_or_refused(body: bytes, status: int) -> None:
    found, refused = outcome(checked, httpx.Response(status, content=body), "platform.adobe.io", "the secret")
    assert isinstance(found, dict) or refused.startswith(("ACR-1", "ACR-2"))
    assert "the secret" not in refused


@pytest.mark.parametrize("secret", ["s3cr3t", "a.b*c"])
def test_an_answer_that_repeats_the_secret_does_not_show_it(secret: str) -> None:
    body = json.dumps({"error": f"bad {secret}", "detail": secret * 3}).encode()
    with pytest.raises(SyncError) as caught:
        checked(httpx.Response(401, content=body), "ims", secret)
    assert secret not in str(caught.value)
