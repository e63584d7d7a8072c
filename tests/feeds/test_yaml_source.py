from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign_cdp.feeds.loader import load_feed
from campaign_cdp.feeds.problems import FeedFileError
from campaign_cdp.feeds.yaml_source import dotted, read_source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a:\n\tb: 1\n", ":2:1: is not valid YAML: the line is indented with a tab", id="tab"),
        pytest.param("a: 1\n\tb: 1\n", "indented with a tab", id="tab-after-value"),
        pytest.param("a 1\nb: 2\n", ":2:2: is not valid YAML: the line above lacks its colon", id="no-colon"),
        pytest.param("a:1\nb: 2\n", "lacks its colon and blank", id="no-blank"),
        pytest.param("a: b: c\n", ":1:5: is not valid YAML: a second ': ' on one line; put", id="two-colons"),
        pytest.param("a: 'x\nb: 2\n", "the quote opened in line 1 is never closed", id="open-quote"),
        pytest.param("x: 1\na: {b: 1\nc: 2\n", "the bracket opened in line 2 is never closed", id="open-brace"),
        pytest.param("a: [1, 2\n", "the bracket opened in line 1", id="open-bracket"),
        pytest.param("a:\n  b: 1\n c: 2\n", ":3:2: is not valid YAML: the indentation does not match", id="indent"),
        pytest.param("a: *.csv\n", "must be put in quotes", id="star"),
        pytest.param("a: @x\n", "must be put in quotes", id="at"),
        pytest.param('a: "x\\q"\n', "use single quotes", id="escape"),
        pytest.param("- a\nb: 1\n", "are mixed", id="list-and-keys"),
        pytest.param("a: 1\n---\nb: 1\n", ":2:1: is not valid YAML: the file holds a second document", id="documents"),
        pytest.param("a: 1\nb: \x07\n", ":2: is not valid YAML: it holds a control character", id="control"),
        pytest.param("a: !!python/name:os.system 1\n", "must be put in quotes", id="python-tag"),
        pytest.param("a: 1\nb: !!int x\n", ":2: the tag tag:yaml.org,2002:int is not for", id="tag"),
        pytest.param("a: 1\nb: &b\n  c: *b\n", ":3: the alias *b stands inside of what it names", id="own-alias"),
        pytest.param("a: 1\nb: " + "[" * 60, ":2: blocks are nested more than 50 deep", id="depth"),
        pytest.param("a: 1 #" + "x" * 1_000_000, ":1: has more than 1,000,000 bytes", id="size"),
        pytest.param(
            "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
            ":14: stands for more than 50,000 values",
            id="aliases of aliases",
        ),
        pytest.param("", ":1: is empty", id="empty"),
        pytest.param("- a\n", ":1: must consist of 'key: value' lines", id="list"),
    ],
)
def test_syntax_error_says_where_and_what_to_look_for(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "feed.yaml"
    path.write_text(text)

    with pytest.raises(FeedFileError) as caught:
        read_source(path)

    assert expected in str(caught.value)


def test_aliases_in_reason_and_long_numbers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "feed.yaml"
    path.write_text("a: &a {b: 1}\nc: [*a, *a]\nd: " + "9" * 5_000 + "\ne: ! x\n")

    assert read_source(path).data == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}], "d": "9" * 5_000, "e": "x"}


def test_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.yaml"
    path.write_bytes("a: 1\nb: Käse\n".encode("latin-1"))

    with pytest.raises(FeedFileError, match=r"feed\.yaml:2: is not UTF-8"):
        read_source(path)


def test_missing_file_is_a_feed_error(tmp_path: Path) -> None:
    with pytest.raises(FeedFileError, match="cannot be read: No such file"):
        read_source(tmp_path / "feed.yaml")


def test_key_that_stands_twice_is_an_error_with_both_lines(write_feed: Callable[..., Path]) -> None:
    path = write_feed(
        ("  text1: {from: tier}", "  text1: {from: tier}\n  text2: {from: a, from: b}\n  email: {from: c}")
    )

    with pytest.raises(FeedFileError) as caught:
        load_feed(path)

    assert [str(problem) for problem in caught.value.problems] == [
        "gold.yaml:9: columns.text2.from: stands twice; the first is in line 9. Keep one",
        "gold.yaml:10: columns.email: stands twice; the first is in line 7. Keep one",
    ]


@pytest.mark.parametrize("value", ["NO", "on", "007", "1:30", "2026-01-31", "1e3", "0x1F"])
def test_scalars_that_yaml_1_1_would_change_stay_text(tmp_path: Path, value: str) -> None:
    path = tmp_path / "feed.yaml"
    path.write_text(f"a: {value}\n")

    assert read_source(path).data == {"a": value}


def test_plain_scalars_keep_their_types_and_a_bom_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "feed.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: [true, 12, 1.5, null, 5_000, -1]\n")

    assert read_source(path).data == {"a": [True, 12, 1.5, None, 5000, -1]}


def test_dotted_writes_list_items_in_brackets() -> None:
    assert dotted(("columns", "location/city", "aliases", 0)) == "columns.location/city.aliases[0]"
