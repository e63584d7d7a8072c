"""Whatever a configuration file holds, it is read, or refused with file and line, soon."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_cdp.events.mapping_file import read_mapping_file
from campaign_cdp.feeds.loader import config_hash, load_feed
from campaign_cdp.limits.loader import load_limits
from tests.conftest import REPO
from tests.fuzz.effort import effort, outcome
from tests.fuzz.mutate import spoilt_bytes, spoilt_text

_SECONDS = 5
_INCLUDE = REPO / "include"
_FEEDS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((_INCLUDE / "feeds").glob("*.yaml"))}
_ODD = [
    "", "~", "null", "[]", "{}", "- x", "[[]]", "{a: {b: c}}", "{stable: 2m}", "true", "no", "-1", "0", "1e999", "-.inf", ".nan",
    "0x10", "1_0", "12345678901234567890", "9" * 5000, "1:30", "2026-02-30", "2026-01-01T00:00:00+99:99", "=", "<<", "<<: *a",
    "&a b", "*a", "&a [*a]", "{<<: {id: x}}", "? x", "!x y", "!!int x", "!!float y", "!!bool maybe", "!!binary ü", "!!timestamp x",
    "!!null x", "!!set {a}", "!!omap [a]", "!!pairs [a: b]", "!!merge x", "!!python/object:os.system x", "!!str 1", "!!map x", "!!seq x",
    "|", ">-", "'", '"', "\"\\x\"", "\t", "\0", "\x7f", "\ufeff", "\ud7ff", "\u2028", "𝄞", "---", "...", "%YAML 9.9", "#", "@", "`",
    "../../x", "/etc/passwd", "x'; DROP TABLE y; --", "{{ x }}", "%s", "a: b: c", "2m", "999999d", "1000000d", "0s", "* * * * *",
    "99 99 * * *", "s3", "local", "full", "incremental", "email", "nothing:here",
]  # fmt: skip
_TOKENS = st.one_of(st.sampled_from(_ODD), st.text(max_size=8))
Load = Callable[[Path], Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def check(path: Path, content: bytes, load: Load) -> None:
    """Read a file: a configuration, or errors that say where."""
    path.write_bytes(content)
    started = time.monotonic()
    _, refused = outcome(load, path)
    seconds = time.monotonic() - started
    places = re.findall(rf"^  {re.escape(path.name)}:(\d+)", refused, re.MULTILINE)
    lines = len(content.decode("utf-8", "replace").splitlines()) + 1
    assert bool(places) is bool(refused)
    assert all(1 <= int(line) <= lines for line in places), (refused, lines)
    assert not refused or refused.startswith("ACR-100 ")
    assert seconds < _SECONDS


def _load_feed(path: Path) -> None:
    feed = load_feed(path)
    assert len(config_hash(feed)) == 64
    assert type(feed).model_validate(feed.model_dump(mode="json", by_alias=True)) == feed, "as a trigger gets it"


@pytest.mark.parametrize("name", _FEEDS)
@effort(60)
@given(data=st.data())
def test_feeds(folder: Path, name: str, data: st.DataObject) -> None:
    text = data.draw(spoilt_text(_FEEDS[name], _TOKENS))
    check(folder / f"{name}.yaml", text.encode("utf-8", "surrogatepass"), _load_feed)


@effort(60)
@given(content=spoilt_bytes(_FEEDS["loyalty_gold"].encode()))
def test_feeds_of_spoilt_bytes(folder: Path, content: bytes) -> None:
    check(folder / "loyalty_gold.yaml", content, _load_feed)


@effort(60)
@given(data=st.data())
def test_limits(folder: Path, data: st.DataObject) -> None:
    good = (_INCLUDE / "limits.yaml").read_text(encoding="utf-8")
    check(folder / "limits.yaml", data.draw(spoilt_text(good, _TOKENS)).encode("utf-8", "surrogatepass"), load_limits)


@effort(60)
@given(data=st.data(), name=st.sampled_from(["delivery", "tracking", "subscription", "exclusion"]))
def test_mappings(folder: Path, name: str, data: st.DataObject) -> None:
    good = (_INCLUDE / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
    content = data.draw(spoilt_text(good, _TOKENS)).encode("utf-8", "surrogatepass")
    check(folder / f"{name}.yaml", content, read_mapping_file)


def _laughs(levels: int) -> str:
    layers = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *layers])


_BOMBS = {
    "aliases": _laughs(12),
    "aliases in a block": "columns:\n" + "\n".join(f"  {row}" for row in _laughs(12).splitlines()),
    "aliases in a list": "columns: {email: {from: e, aliases: " + "&a [x]" + "}}\nfile: {null_tokens: [*a, *a]}",
    "maps of aliases": "\n".join(
        [
            "a0: &a0 {k: v}",
            *(f"a{n}: &a{n} {{" + ", ".join(f"k{m}: *a{n - 1}" for m in range(10)) + "}" for n in range(1, 12)),
        ]
    ),
    "merged maps": "\n".join(
        ["a0: &a0 {k: v}", *(f"a{n}: &a{n} {{<<: [" + ", ".join([f"*a{n - 1}"] * 10) + "]}" for n in range(1, 12))]
    ),
    "alias to itself": "id: &a [*a]",
    "map in itself": "columns: &a {email: *a}",
    "key of itself": "? &a [*a]\n: x",
    "nested lists": "id: " + "[" * 20_000,
    "nested and closed": "id: " + "[" * 3_000 + "]" * 3_000,
    "nested maps": "id: " + "{a: " * 20_000,
    "nested blocks": "\n".join(" " * n + "a:" for n in range(1_500)),
    "dashes": "- " * 20_000 + "x",
    "question marks": "? " * 20_000,
    "digits": "poll_interval: " + "9" * 100_000,
    "float": "rejects: {max_pct: " + "9" * 100_000 + ".0}",
    "long key": "k" * 200_000 + ": x",
    "many keys": "\n".join(f"k{n}: {n}" for n in range(5_000)),
    "many columns": "columns:\n" + "\n".join(f"  c{n}: {{from: x}}" for n in range(3_000)),
    "one key over and over": "id: x\n" * 5_000,
    "spaces": " " * 1_000_000,
    "anchors": "".join(f"&a{n} " for n in range(5_000)) + "x",
}


@pytest.mark.parametrize("name", _BOMBS)
def test_bombs(folder: Path, name: str) -> None:
    check(folder / "bomb.yaml", _BOMBS[name].encode(), _load_feed)
