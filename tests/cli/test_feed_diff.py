from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from campaign_cdp.sandbox.pgp import PgpKeyPair
from tests.cli.conftest import Run
from tests.conftest import REPO
from tests.pgp import encrypted, key_pair, needs_gpg, temp

__all__ = ["key_pair", "temp"]
HEADER = (
    "personalEmail.address,crmId,person.name.firstName,person.name.lastName,person.birthDate,mobilePhone.number,"
    "homeAddress.city,homeAddress.countryCode,loyalty.tier,consents.email.optedOut"
)
LINE = "{mail},C{n},Ann,Lee,1990-01-02,+4915112345678,Ulm,de,gold,false"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Feeds folder with one audience and one export."""
    folder = tmp_path / "feeds"
    folder.mkdir()
    for name in ("loyalty_gold", "delivery_events"):
        (folder / f"{name}.yaml").write_text((REPO / "include" / "feeds" / f"{name}.yaml").read_text())
    monkeypatch.setenv("CDP_FEEDS_DIR", str(folder))
    return folder


def data(path: Path, lines: int, bad: int = 0, header: str = HEADER) -> Path:
    mails = [f"a{n}@x.io" if n >= bad else "secret-name" for n in range(lines)]
    text = "\n".join([header, *(LINE.format(mail=mail, n=n) for n, mail in enumerate(mails))]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def changed(folder: Path, target: Path, before: str, after: str) -> Path:
    text = (folder / "loyalty_gold.yaml").read_text()
    assert before in text
    target.write_text(text.replace(before, after))
    return target


def renamed(folder: Path, target: Path) -> Path:
    """A feed of its own: it shares no folder and no list."""
    text = (folder / "loyalty_gold.yaml").read_text()
    target.write_text(text.replace("loyalty_gold", target.stem).replace("LOYALTY_GOLD", target.stem.upper()))
    return target


# -- Data --------------------------------------------------------------------------------------------------------------


def test_good_data_is_told_so(run: Run, folder: Path, tmp_path: Path) -> None:
    result = run("feeds", "diff", str(data(tmp_path / "a.csv.gz", 200)), "--feed", "loyalty_gold")

    assert result.exit_code == 0, result.output
    assert "a.csv.gz, read with feed loyalty_gold: gzip" in result.output
    assert "header: 10 columns known" in result.output
    assert "location/countryCode  respelled  200     de -> DE" in result.output
    assert result.output.endswith("\nIt can be loaded.\n")


def test_the_only_audience_needs_no_name(run: Run, folder: Path, tmp_path: Path) -> None:
    assert run("feeds", "diff", str(data(tmp_path / "a.csv", 1))).exit_code == 0

    renamed(folder, folder / "second.yaml")
    several = run("feeds", "diff", str(tmp_path / "a.csv"))

    assert several.exit_code == 2
    assert "There are: loyalty_gold" in several.stderr


def test_sample_is_said_to_be_one(run: Run, folder: Path, tmp_path: Path) -> None:
    path = str(data(tmp_path / "a.csv", 30))

    sample, whole = run("feeds", "diff", path, "--lines", "10"), run("feeds", "diff", path, "--lines", "10", "--all")

    assert "10 lines at its beginning" in sample.output
    assert "Its other lines were not looked at; --all does." in sample.output
    assert "30 lines in all" in whole.output


def test_too_many_rejects_fail_without_showing_values(run: Run, folder: Path, tmp_path: Path) -> None:
    path = str(data(tmp_path / "a.csv", 100, bad=2))

    shown, as_json = run("feeds", "diff", path), run("feeds", "diff", path, "--json")

    assert (shown.exit_code, as_json.exit_code) == (1, 1)
    assert "over the limit of 1 %" in shown.output
    assert "2     bad_email  email   xxxxxx-xxxx" in shown.output
    assert "secret-name" not in shown.output + as_json.output
    answer = json.loads(as_json.stdout)
    assert (answer["accepted"], answer["rejected"], answer["by_code"]) == (98, 2, {"bad_email": 2})
    assert (answer["over_reject_limit"], answer["error"]) == ("1 %", None)


def test_what_would_be_quarantined_fails(run: Run, folder: Path, tmp_path: Path) -> None:
    path = data(tmp_path / "audience.txt", 1, header=HEADER.replace("crmId", "crm_id"))

    result = run("feeds", "diff", str(path))

    assert result.exit_code == 1
    assert "missing    crmId (is it 'crm_id'?) -> account" in result.output
    assert "not loaded crm_id" in result.output
    assert "Its name does not fit '*.csv*'" in result.output
    assert "Not loaded: ACR-304" in result.output


@needs_gpg
def test_encrypted_data_is_read_with_the_key_of_the_feed(
    run: Run, folder: Path, tmp_path: Path, temp: Path, key_pair: PgpKeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv.gz.gpg"
    path.write_bytes(encrypted(key_pair, data(tmp_path / "a.csv.gz", 20).read_bytes(), tmp_path))
    without = run("feeds", "diff", str(path))
    changed(folder, folder / "loyalty_gold.yaml", "export: full", "pgp: pgp_test\nexport: full")
    monkeypatch.setenv("AIRFLOW_CONN_PGP_TEST", key_pair.connections("pgp_test")["AIRFLOW_CONN_PGP_TEST"])
    with_key = run("feeds", "diff", str(path), "--all", "--json")

    assert (without.exit_code, "ACR-309" in without.output) == (1, True)
    assert with_key.exit_code == 0, with_key.output
    assert (json.loads(with_key.stdout)["layers"], json.loads(with_key.stdout)["accepted"]) == (["pgp", "gzip"], 20)


def test_bar_is_for_terminals_only(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "campaign_cdp", "feeds", "diff", str(data(tmp_path / "a.csv", 2000)), "--all"]
    environment = {**os.environ, "PYTHONPATH": str(REPO / "plugins"), "TERM": "xterm"}
    main, end = pty.openpty()
    try:
        on_terminal = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=end, check=True)
        drawn = os.read(main, 100_000)
    finally:
        os.close(end)
        os.close(main)
    piped = subprocess.run(command, env=environment, capture_output=True, check=True)

    assert b"a.csv" in drawn
    assert piped.stderr == b""
    assert piped.stdout == on_terminal.stdout


# -- Feed files --------------------------------------------------------------------------------------------------------


def test_feed_is_compared_with_the_one_of_its_name(run: Run, folder: Path, tmp_path: Path) -> None:
    same = changed(folder, tmp_path / "loyalty_gold.yaml", "mode: mirror", "mode: mirror")
    none = run("feeds", "diff", str(same))
    changed(folder, same, "rejects: {max_pct: 1} ", "rejects: {max_pct: 2} ")
    shown, as_json = run("feeds", "diff", str(same)), run("feeds", "diff", str(same), "--json")

    assert (none.exit_code, "says the same as the feed loyalty_gold" in none.output) == (0, True)
    assert shown.exit_code == 0
    assert shown.output.startswith("rejects.max_pct\n  - 1.0\n  + 2.0\n    How many rejected lines stop a run")
    assert "1 keys differ. A run or window that is open starts over" in shown.output
    (change,) = json.loads(as_json.stdout)["changes"]
    assert (change["key"], change["before"], change["after"]) == ("rejects.max_pct", 1.0, 2.0)


def test_new_feed_is_told_so_and_can_be_compared_with_another(run: Run, folder: Path, tmp_path: Path) -> None:
    path = renamed(folder, tmp_path / "silver.yaml")

    new, other = run("feeds", "diff", str(path)), run("feeds", "diff", str(path), "--feed", "loyalty_gold")

    assert new.output.startswith("silver is a new feed: it gets the Dag audience_import__silver")
    assert "landing_zone.prefix" in other.output


def test_broken_feed_and_one_that_clashes_fail(run: Run, folder: Path, tmp_path: Path) -> None:
    broken = changed(folder, tmp_path / "loyalty_gold.yaml", "mode: mirror", "mode: mirrored")
    clashing = changed(folder, tmp_path / "second.yaml", "id: loyalty_gold", "id: second")

    results = run("feeds", "diff", str(broken)), run("feeds", "diff", str(clashing))

    assert [result.exit_code for result in results] == [1, 1]
    assert "'mirrored' is not allowed" in results[0].stderr
    assert "overlaps 'audiences/loyalty_gold/'" in results[1].stderr
