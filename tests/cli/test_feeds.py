from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign_cdp.cli.main import cdp
from campaign_cdp.feeds.schema import schema_texts


def run(*args: str) -> Result:
    return CliRunner().invoke(cdp, ["feeds", *args])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run("new", "gold", "--direction", "audience_import").exit_code == 0
    return tmp_path


def break_feed(folder: Path, name: str = "gold") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(path.read_text().replace("export: full", "export: fool"))
    return path


@pytest.mark.parametrize("command", ["lint", "list", "show", "data-prep", "schema", "new"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.output


@pytest.mark.parametrize("export", ["full", "incremental"])
def test_new_feed_lints_clean_and_is_commented(folder: Path, export: str) -> None:
    assert run("new", "silver", "--direction", "audience_import", "--export", export).exit_code == 0

    result = run("lint")

    assert (result.exit_code, result.output) == (0, "2 feed files, 0 with problems\n")
    assert (folder / "silver.yaml").read_text().count("#") > 15


def test_new_event_feed_lints_clean_and_is_commented(folder: Path) -> None:
    assert run("new", "opens", "--direction", "event_export").exit_code == 0

    result = run("lint")

    assert (result.exit_code, result.output) == (0, "2 feed files, 0 with problems\n")
    assert (folder / "opens.yaml").read_text().count("#") > 12


def test_event_feed_is_listed_and_shown_with_the_logs_behind_its_columns(folder: Path) -> None:
    run("new", "opens", "--direction", "event_export")

    listed, shown = run("list"), run("show", "opens")

    assert "delivery, tracking, subscription" in listed.stdout
    assert "s3://aep-sources/events/opens/" in listed.stdout
    assert "event_id -> computed" in shown.output
    assert "url -> tracking: NmsTrackingUrl.sSource" in shown.output
    assert "status -> delivery: NmsBroadLogRcp.iStatus\n" in shown.output
    assert "identity -> delivery: NmsRecipient.sAccount, tracking: NmsRecipient.sAccount" in shown.output


def test_what_show_prints_of_an_event_feed_is_itself_a_feed(folder: Path) -> None:
    run("new", "opens", "--direction", "event_export")
    shown = run("show", "opens").stdout
    (folder / "opens.yaml").write_text(shown)

    assert run("lint").exit_code == 0
    assert run("show", "opens").stdout == shown


def test_data_prep_writes_one_mapping_per_column(folder: Path) -> None:
    run("new", "opens", "--direction", "event_export")

    entries = json.loads(run("data-prep", "opens").stdout)

    assert {"sourceType": "ATTRIBUTE", "source": "event_time", "destination": "timestamp"} in entries
    assert len({entry["source"] for entry in entries}) == len({entry["destination"] for entry in entries}) > 20


def test_data_prep_refuses_what_needs_no_mapping(folder: Path) -> None:
    run("new", "opens", "--direction", "event_export")
    (folder / "opens.yaml").write_text((folder / "opens.yaml").read_text().replace("format: csv", "format: jsonl"))

    lines, audience = run("data-prep", "opens"), run("data-prep", "gold")

    assert (lines.exit_code, audience.exit_code) == (1, 1)
    assert "Only flat files need a Data Prep mapping" in lines.stderr
    assert "takes a feed with direction: event_export" in audience.stderr


def test_new_never_overwrites(folder: Path) -> None:
    (folder / "gold.yaml").write_text("mine")

    result = run("new", "gold", "--direction", "audience_import")

    assert result.exit_code == 1
    assert "exists already" in result.output
    assert (folder / "gold.yaml").read_text() == "mine"


@pytest.mark.parametrize("feed_id", ["Gold", "x", "../up", "with space"])
def test_new_refuses_a_bad_id_and_leaves_nothing(folder: Path, feed_id: str) -> None:
    result = run("new", feed_id, "--direction", "audience_import")

    assert result.exit_code == 2
    assert "Invalid value for ID" in result.output
    assert [path.name for path in folder.iterdir()] == ["gold.yaml"]


def test_new_needs_a_direction(folder: Path) -> None:
    assert run("new", "silver").exit_code == 2


def test_lint_prints_clickable_places_and_exits_with_1(folder: Path) -> None:
    break_feed(folder)

    result = run("lint")

    assert result.exit_code == 1
    assert result.output.startswith("gold.yaml:15: export: 'fool' is not allowed")
    assert "1 feed files, 1 with problems" in result.output


def test_lint_of_one_file_reports_only_that_file_but_knows_its_neighbours(folder: Path) -> None:
    run("new", "silver", "--direction", "audience_import")
    silver = folder / "silver.yaml"
    silver.write_text(silver.read_text().replace("audiences/silver/", "audiences/gold/"))

    good, bad = run("lint", "gold.yaml"), run("lint", "silver.yaml")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "overlaps 'audiences/gold/', which is landing_zone.prefix of feed 'gold'" in bad.output


def test_lint_json_is_for_programs(folder: Path) -> None:
    break_feed(folder)

    result = run("lint", "--json")

    (report,) = json.loads(result.stdout)["files"]
    assert result.exit_code == 1
    assert report["path"] == str(folder / "gold.yaml")
    assert (report["problems"][0]["line"], report["problems"][0]["key"]) == (15, "export")


def test_lint_of_a_missing_file_or_folder_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("lint", "nowhere.yaml").exit_code == 2

    monkeypatch.setenv("CDP_FEEDS_DIR", str(folder / "nowhere"))

    assert run("lint").exit_code == 1


def test_list_shows_good_feeds_and_names_broken_ones(folder: Path) -> None:
    run("new", "silver", "--direction", "audience_import")
    break_feed(folder)

    result = run("list")

    assert result.exit_code == 1
    assert "SILVER (mirror)" in result.stdout
    assert "gold" not in result.stdout
    assert "gold.yaml:15: export" in result.stderr


def test_list_json_and_empty_folder(folder: Path) -> None:
    assert json.loads(run("list", "--json").stdout)["feeds"][0]["id"] == "gold"

    (folder / "gold.yaml").unlink()

    assert "cdp feeds new" in run("list").stdout
    assert json.loads(run("list", "--json").stdout) == {"feeds": []}


def test_show_fills_in_defaults_and_campaign_columns(folder: Path) -> None:
    text, data = run("show", "gold"), json.loads(run("show", "gold", "--json").stdout)

    assert text.exit_code == 0
    assert "late_after: 6h" in text.output
    assert "firstName -> sFirstName, string, at most 30 characters" in text.output
    assert data["feed"]["poll_interval"] == "1m"
    assert len(data["hash"]) == 64


def test_what_show_prints_is_itself_a_feed(folder: Path) -> None:
    shown = run("show", "gold").stdout
    (folder / "gold.yaml").write_text(shown)

    assert run("lint").exit_code == 0
    assert run("show", "gold").stdout == shown


def test_show_of_an_unknown_feed_suggests_one(folder: Path) -> None:
    result = run("show", "golds")

    assert result.exit_code == 1
    assert "Did you mean 'gold'?" in result.stderr


def test_schema_check_fails_until_the_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_INCLUDE_DIR", str(tmp_path))
    path = tmp_path / "schemas" / "feed.schema.json"

    missing = run("schema", "--check")
    assert missing.exit_code == 1
    assert not path.exists()
    assert "Run: cdp feeds schema" in missing.stderr

    assert run("schema").exit_code == 0
    assert path.read_text() == schema_texts()[path]
    assert run("schema", "--check").exit_code == 0

    path.write_text(path.read_text().replace("full", "fool"))
    assert run("schema", "--check").exit_code == 1
