from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.operators.conftest import import_template, local_folder, new_database, new_import  # noqa: F401  (fixtures)
from tests.operators.importing import Import, line


@pytest.fixture
def applied(new_import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:  # noqa: F811
    """A run with one rejected line, of a feed that the commands find."""
    imports = new_import(historise={"prefix": "done/", "days": 30})
    imports.export([line("ann@x.io", "C1", "Ann"), line("not-an-address", "C2", "Bob")])
    imports.run("run1")
    folder = tmp_path / "feeds"
    folder.mkdir()
    text = json.dumps(imports.feed.model_dump(mode="json", by_alias=True, exclude_unset=True))
    (folder / "gold.yaml").write_text(text)  # JSON is YAML
    monkeypatch.setenv("CDP_FEEDS_DIR", str(folder))
    monkeypatch.chdir(tmp_path)
    return imports


def run_id(imports: Import) -> str:
    return str(imports.sql("SELECT max(run_id) FROM cdp.sync_run")[0][0])


def test_rejected_lines_are_listed_masked_with_their_fate(run: Run, applied: Import) -> None:
    result = run("rejects", "list", run_id(applied), "--json")

    (reject,) = json.loads(result.stdout)["rejects"]
    assert (reject["line_no"], reject["code"], reject["replayed_by"]) == (3, "bad_email", None)
    assert "not-an-address" not in result.output


def test_an_exported_line_is_corrected_and_applied(run: Run, applied: Import, tmp_path: Path) -> None:
    number = run_id(applied)
    exported = run("rejects", "export", number, "-o", "fix.csv", "--json")
    file = tmp_path / "fix.csv"
    assert (json.loads(exported.stdout)["lines"], file.stat().st_mode & 0o777) == (1, 0o600)
    assert file.read_text().splitlines()[1] == line("not-an-address", "C2", "Bob") + ",1,3,bad_email"

    assert run("rejects", "export", number, "-o", "fix.csv").exit_code == 1, "corrections are not overwritten"
    file.write_text(file.read_text().replace("not-an-address", "bob@x.io"))
    started = run("rejects", "replay", number, "fix.csv", "--yes")

    # There is no Airflow here, so the command for where there is one is shown.
    (key,) = [key for key in applied.place.sizes() if "/replay/" in key]
    conf = json.dumps({"replay_of": int(number), "replay_file": key, "accept_stale": False})
    assert (started.exit_code, "Nothing was started" in started.output) == (1, True)
    assert f"airflow dags trigger audience_import__gold --conf '{conf}'" in started.output
    counts = applied.run("replay1", replay_of=int(number), replay_file=key)
    assert (counts["inserted"], "bob@x.io" in applied.members()) == (1, True)
    assert run("rejects", "export", number).exit_code == 1, "nothing is left to correct"
    again = run("rejects", "replay", number, "fix.csv", "--yes")
    assert (again.exit_code, "exactly this replay was applied already" in str(again.output)) == (1, True)
    audits = applied.sql(
        "SELECT action, detail ->> 'lines' FROM cdp.audit WHERE action IN ('export rejects', 'apply replay')"
    )
    assert audits == [("export rejects", "1"), ("apply replay", "1")]


def test_a_file_without_the_columns_that_say_what_it_corrects_is_refused(run: Run, applied: Import, tmp_path) -> None:
    (tmp_path / "bad.csv").write_text("email,crmId,firstName,city,optOut\nbob@x.io,C2,Bob,null,null\n")

    result = run("rejects", "replay", run_id(applied), "bad.csv", "--yes")

    assert (result.exit_code, "lacks the columns reject_part and reject_line" in result.output) == (1, True)
    assert not [key for key in applied.place.sizes() if "/replay/" in key]


def test_a_quarantined_file_set_is_released_and_superseded_by_hand(run: Run, applied: Import) -> None:
    applied.export(b"a,b\n1,2\n")
    with pytest.raises(Exception, match="ACR-304"):
        applied.run("run2")
    number = run_id(applied)

    assert json.loads(run("runs", "release", number, "--json").stdout)["state"] == "released"
    assert run("runs", "release", str(int(number) - 1)).exit_code == 1, "that one is applied"

    with pytest.raises(Exception, match="ACR-304"):
        applied.run("run3")
    assert json.loads(run("runs", "supersede", run_id(applied), "--json").stdout)["state"] == "superseded"
