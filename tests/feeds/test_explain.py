from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign_cdp.feeds.loader import load_feed
from campaign_cdp.feeds.problems import FeedFileError


def problems(path: Path) -> list[str]:
    with pytest.raises(FeedFileError) as caught:
        load_feed(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(
            "rejects:\n  max_percent: 1\n", "12: rejects.max_percent: unknown key. Did you mean 'max_pct'?", id="typo"
        ),
        pytest.param("max_pct: 1\n", "11: max_pct: unknown key here. It belongs under 'rejects'", id="outside"),
        pytest.param(
            "mode: add\n", "11: mode: unknown key here. It belongs under 'profiles' or 'list'", id="two-homes"
        ),
        pytest.param(
            "rejects: {owner: x}\n", "11: rejects.owner: unknown key here. It belongs under the top level", id="in"
        ),
        pytest.param("rejects: {zzz: x}\n", "11: rejects.zzz: unknown key. Known: max_pct, max_count", id="listed"),
        pytest.param(
            "profiles: {mode: updateonly}\n",
            "11: profiles.mode: 'updateonly' is not allowed; write 'update_only', 'insert_or_update' or 'none'. "
            "Did you mean 'update_only'?",
            id="enum",
        ),
        pytest.param("profiles:\n", "11: profiles: has no value; give it one", id="empty-block"),
        pytest.param("profiles: none\n", "11: profiles: must be a block of keys, 'none' is not", id="not-a-block"),
        pytest.param(
            "file:\n  null_tokens:\n  - x\n  - 7\n", "14: file.null_tokens[1]: must be text; put the value", id="item"
        ),
        pytest.param(
            "file:\n  null_tokens: [null]\n", "12: file.null_tokens[0]: has no value; give it one (in quotes", id="null"
        ),
        pytest.param(
            "poll_interval: 1 h\n", "11: poll_interval: '1 h' is not a duration; write a number", id="duration"
        ),
        pytest.param("poll_interval: 99999999999d\n", "is not a duration", id="huge-duration"),
        pytest.param("schedule: 61 4 * * *\n", "11: schedule: '61 4 * * *' is not a cron expression", id="cron"),
        pytest.param("schedule: '@daily'\n", "five fields in UTC", id="cron-preset"),
        pytest.param(
            "rejects: {max_count: many}\n", "rejects.max_count: must be a whole number, 'many' is not", id="int"
        ),
        pytest.param(
            "rejects: {max_pct: 101}\n", "rejects.max_pct: should be less than or equal to 100, is 101", id="range"
        ),
        pytest.param(
            "historise: {prefix: /old}\n", "historise.prefix: '/old' does not fit; write a folder", id="pattern"
        ),
        pytest.param("transform: clean\n", "transform: 'clean' does not fit; write module:function", id="function"),
        pytest.param(
            "complete_when: manifst\n",
            "complete_when: 'manifst' is not allowed; write 'manifest' or {stable: 2m}. Did you mean 'manifest'?",
            id="union-scalar",
        ),
        pytest.param(
            "complete_when: {stabel: 2m}\n", "complete_when.stabel: unknown key. Did you mean 'stable'?", id="union"
        ),
    ],
)
def test_problem_names_line_key_and_remedy(write_feed: Callable[..., Path], more: str, expected: str) -> None:
    found = problems(write_feed(more=more))

    assert any(expected in problem for problem in found), found
    assert all(problem.startswith("gold.yaml:") for problem in found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("type: s3", "type: s4"),
            "4: landing_zone.type: 's4' is not allowed; write 's3', 'azure_blob', 'sftp' or 'local'",
        ),
        (("type: s3, ", ""), "4: landing_zone.type: required key is missing. Kind of storage"),
        (
            ("type: s3", "type: azure_blob"),
            "4: landing_zone.container: required key is missing. Name of the blob container",
        ),
        (("type: s3", "type: sftp"), "4: landing_zone.bucket: unknown key. Known: type, connection, path, prefix"),
        (("bucket: exports", "bucket: exports, path: x/"), "landing_zone.path: unknown key"),
        (("prefix: audiences/gold/", "prefix: a/../b/"), "landing_zone.prefix: 'a/../b/' must not hold . or .."),
    ],
)
def test_problem_of_a_landing_zone_is_told_for_its_kind_of_storage(
    write_feed: Callable[..., Path], change: tuple[str, str], expected: str
) -> None:
    found = problems(write_feed(change))

    assert any(expected in problem for problem in found), found


def test_union_branches_that_were_not_meant_are_left_out(write_feed: Callable[..., Path]) -> None:
    assert len(problems(write_feed(more="complete_when: {stable: soon}\n"))) == 1
    assert len(problems(write_feed(more="complete_when: later\n"))) == 1
    assert len(problems(write_feed(("key: email", "key: [email, 3]")))) == 1
    assert len(problems(write_feed(("key: email", "key: 3")))) == 1


def test_missing_key_points_at_its_block_and_says_what_it_is_for(write_feed: Callable[..., Path]) -> None:
    (found,) = problems(write_feed((", bucket: exports", "")))

    assert found == "gold.yaml:4: landing_zone.bucket: required key is missing. Bucket name, without s3://"


@pytest.mark.parametrize(
    ("attribute", "suggestion"),
    [("emial", "email"), ("first_name", "firstName"), ("city", "location/city"), ("Text1", "text1")],
)
def test_unknown_attribute_gets_a_suggestion(write_feed: Callable[..., Path], attribute: str, suggestion: str) -> None:
    (found,) = problems(write_feed(("text1:", f"{attribute}:")))

    assert found == (
        f"gold.yaml:8: columns.{attribute}: {attribute!r} is not an attribute of nms:recipient. "
        f"Did you mean {suggestion!r}?"
    )


def test_every_bad_column_is_reported(write_feed: Callable[..., Path]) -> None:
    found = problems(write_feed(("  text1: {from: tier}", "  txt9x: {form: a}\n  fonr: {from: b}\n  text2: {}")))

    assert [problem.split(": ")[1] for problem in found] == [
        "columns.txt9x", "columns.txt9x.form", "columns.txt9x.from", "columns.fonr", "columns.text2.from",
    ]  # fmt: skip


def test_broken_rule_points_at_its_key(write_feed: Callable[..., Path]) -> None:
    (found,) = problems(write_feed(("export: full", "export: incremental")))

    assert found.startswith("gold.yaml:10: list.mode: mirror needs export: full")


def test_key_that_is_no_column_gets_a_suggestion(write_feed: Callable[..., Path]) -> None:
    (found,) = problems(write_feed(("key: email", "key: [e_mail]")))

    assert found == "gold.yaml:9: reconciliation_key[0]: 'e_mail' is not a column of this feed. Did you mean 'email'?"


def test_all_broken_rules_are_reported(write_feed: Callable[..., Path]) -> None:
    path = write_feed(
        ("export: full", "export: incremental"), ("key: email", "key: [a, b, c]"), more="poll_interval: 1s\n"
    )

    assert len(problems(path)) == 6


def test_problem_in_a_repeated_block_points_at_the_one_that_counts(write_feed: Callable[..., Path]) -> None:
    found = problems(write_feed(more="rejects: {max_pct: 1}\nrejects: {max_pct: 101}\n"))

    assert [problem.split(":")[1] for problem in found] == ["12", "12"]
