from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.loader import config_hash, feed_by_id, load_feed, load_feeds
from campaign_cdp.feeds.problems import FeedFileError


def test_shipped_feeds_are_one_full_mirror_and_one_incremental_without_inserts() -> None:
    feeds, errors = load_feeds()

    by_id = {feed.id: feed for feed in feeds}
    gold, carts = by_id["loyalty_gold"], by_id["cart_abandoners"]
    assert errors == []
    assert (gold.export, gold.profiles.mode, gold.list and gold.list.mode) == ("full", "insert_or_update", "mirror")
    assert (carts.export, carts.profiles.mode) == ("incremental", "update_only")
    assert carts.list is not None
    assert carts.list.mode == "remove_exited"


def test_a_broken_file_costs_only_its_own_feed(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    write_feed(name="alpha")
    write_feed(("export: full", "export: fool"), name="beta")
    write_feed(name="gamma")

    feeds, errors = load_feeds(tmp_path)

    assert [feed.id for feed in feeds] == ["alpha", "gamma"]
    assert [str(error).splitlines()[0] for error in errors] == [
        "ACR-100 1 problem in beta.yaml. This feed has no Dag until the file is corrected; others run on."
    ]


def test_all_problems_of_a_file_come_in_line_order(write_feed: Callable[..., Path]) -> None:
    path = write_feed(
        ("export: full", "export: fool"), ("owner: team", "ower: team"), more="rejects: {max_percent: 1}\n"
    )

    with pytest.raises(FeedFileError) as caught:
        load_feed(path)

    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (1, "owner"),
        (3, "ower"),
        (5, "export"),
        (11, "rejects.max_percent"),
    ]


def test_feeds_folder_is_read_from_the_environment_at_call_time(
    write_feed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_feed(name="moved")
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))

    feeds, _ = load_feeds()

    assert [feed.id for feed in feeds] == ["moved"]
    assert feed_by_id("moved") == feeds[0]


def test_missing_folder_is_an_error_not_an_empty_list(tmp_path: Path) -> None:
    feeds, errors = load_feeds(tmp_path / "nowhere")

    assert feeds == []
    assert "does not exist" in str(errors[0])


def test_id_must_be_the_file_name(write_feed: Callable[..., Path]) -> None:
    path = write_feed(("id: gold", "id: silver"))

    with pytest.raises(FeedFileError, match=r"gold\.yaml:1: id: 'silver' is not the file's name"):
        load_feed(path)


def test_same_id_in_two_files_is_an_error_of_the_later_one(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    write_feed()
    write_feed(suffix="yml")

    feeds, errors = load_feeds(tmp_path)

    assert [feed.id for feed in feeds] == ["gold"]
    assert "gold.yml:1: id: 'gold' is taken" in str(errors[0])


@pytest.mark.parametrize(
    ("dag_id", "found", "broken"),
    [
        pytest.param("audience_import__alpha", ["alpha"], 0, id="its-feed"),
        pytest.param("audience_import__two__words", ["two__words"], 0, id="underscores"),
        pytest.param("audience_import__broken", [], 1, id="broken"),
        pytest.param("audience_import__alph", [], 0, id="no-feed"),
        pytest.param("contract_limits", ["alpha", "two__words"], 1, id="dag-of-all-feeds"),
        pytest.param(None, ["alpha", "two__words"], 1, id="dag-processor"),
    ],
)
def test_only_the_file_of_a_dag_s_feed_is_read(
    write_feed: Callable[..., Path], tmp_path: Path, dag_id: str | None, found: list[str], broken: int
) -> None:
    write_feed(name="alpha")
    write_feed(name="two__words")
    write_feed(("export: full", "export: fool"), name="broken")

    feeds, errors = load_feeds(tmp_path, only_for=dag_id)

    assert [feed.id for feed in feeds] == found
    assert len(errors) == broken


def test_of_two_files_of_one_name_a_task_reads_the_one_that_has_the_dag(
    write_feed: Callable[..., Path], tmp_path: Path
) -> None:
    write_feed(more="poll_interval: 2m\n")
    write_feed(suffix="yml")

    feeds, errors = load_feeds(tmp_path, only_for="audience_import__gold")

    assert [feed.poll_interval.total_seconds() for feed in feeds] == [120]
    assert len(errors) == 1


def test_hidden_and_other_files_are_no_feeds(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    write_feed()
    (tmp_path / ".draft.yaml").write_text("nonsense")
    (tmp_path / "notes.txt").write_text("nonsense")

    assert len(load_feeds(tmp_path)[0]) == 1
    assert load_feeds(tmp_path)[1] == []


def test_unknown_id_names_the_nearest_feed(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    write_feed()

    with pytest.raises(FeedConfigError, match="Did you mean 'gold'"):
        feed_by_id("golden", tmp_path)


def test_hash_changes_with_meaning_not_with_comments(write_feed: Callable[..., Path]) -> None:
    plain = config_hash(load_feed(write_feed()))
    commented = config_hash(load_feed(write_feed(("owner: team", "owner: 'team'   # us"))))
    other = config_hash(load_feed(write_feed(("export: full", "export: full\npoll_interval: 2m"))))

    assert plain == commented
    assert plain != other
    assert len(plain) == 64


def test_fifty_feeds_load_within_half_a_second(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    for number in range(50):
        write_feed(name=f"feed_{number:02}")

    started = time.process_time()
    feeds, errors = load_feeds(tmp_path)

    assert (len(feeds), errors) == (50, [])
    assert time.process_time() - started < 0.5


def test_reading_feeds_imports_neither_airflow_nor_server_clients() -> None:
    code = (
        "import sys; from campaign_cdp.feeds.loader import load_feeds; load_feeds(); "
        "print(sorted({'airflow', 'boto3', 'psycopg', 'pandas', 'sqlalchemy'} & set(sys.modules)))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
