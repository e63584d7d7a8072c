"""Files are written by others: nothing in them, nor in their names, is ever part of a statement."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from campaign_cdp.exceptions import FeedConfigError, SyncDataError, SyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.hooks.landing_zone.local import LocalLandingZone
from campaign_cdp.operators.replay import _correction
from campaign_cdp.replay import replay_folder
from tests.operators.importing import Import
from tests.security.payloads import IMPOSSIBLE, LINE_ENDS, LONG, PAYLOADS, SOME

COLUMNS = {
    "email": {"from": "email"},
    "account": {"from": "account"},
    "text1": {"from": "t1"},
    "location/address1": {"from": "street"},
}


def people(tag: str) -> dict[str, str]:
    return {f"{tag}{n}@example.com": text for n, text in enumerate(PAYLOADS.values())}


def written(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("quote", ['"', ""])
def test_values_arrive_as_they_were_written(quote: str, target: str, folder) -> None:
    tag = "quoted" if quote else "bare"
    imports = Import(folder, target, id=f"values_{tag}", columns=COLUMNS, file={"quote": quote, "delimiter": "\t"})
    expected = people(tag)
    rows = [["email", "account", "t1", "street"], *([mail, text, text, text] for mail, text in expected.items())]
    body = "".join("\t".join(row) + "\n" for row in rows).encode()
    if quote:
        out = io.StringIO()
        csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        # A backslash escapes inside quotes, as AEP writes it.
        body = out.getvalue().replace("\\", "\\\\").encode()
    imports.export(body)
    imports.run()
    found = imports.sql("SELECT semail, saccount, stext1, saddress1 FROM nmsrecipient WHERE semail LIKE %s", f"{tag}%")
    assert {mail: (account, text, street) for mail, account, text, street in found} == {
        mail: (text, text, text) for mail, text in expected.items()
    }


def test_headers_are_looked_up_and_never_run(target: str, folder) -> None:
    """Once as columns that the feed does not know, once as those that it asks for."""
    names = [text for text in PAYLOADS.values() if not set(text) & set("._\\")][:6]
    columns = {"email": {"from": "email"}} | {f"text{n}": {"from": name} for n, name in enumerate(names[:5], start=1)}
    imports = Import(folder, target, id="headers", columns=columns)
    imports.export(written([["email", *names, LONG[:300].replace("\\", "")], ["headers@example.com", *names, "x"]]))
    imports.run()
    [row] = imports.sql(
        "SELECT stext1, stext2, stext3, stext4, stext5 FROM nmsrecipient WHERE semail = 'headers@example.com'"
    )
    assert row == tuple(names[:5])


@pytest.mark.parametrize("text", [*SOME, LINE_ENDS["line end"]])
def test_names_of_files_are_stored_as_they_are(text: str, target: str, folder) -> None:
    imports = Import(folder, target, id="names", list=None, columns=COLUMNS)
    name = f"{text}.csv"
    body = b"email,account,t1,street\nnames@example.com,a,b,c\n"
    imports.put(name, body)
    run = {"flowRunId": f"n{abs(hash(text))}", "scheduledTime": "2026-01-01T00:00:00Z"}
    imports.put("manifest-n.json", json.dumps({**run, "exportResults": [{"name": name, "size": len(body)}]}).encode())
    imports.run(f"run of {text}")
    found = imports.sql(
        "SELECT f.key FROM cdp.sync_file f JOIN cdp.sync_run r USING (run_id) WHERE r.dag_run_id = %s AND f.part_no > 0",
        f"run of {text}",
    )
    assert found == [(f"in/gold/{name}",)]


@pytest.mark.parametrize("text", [*SOME, *LINE_ENDS.values(), *IMPOSSIBLE.values(), "../../x", "..", LONG])
def test_what_a_manifest_says_is_taken_or_refused_with_a_code(text: str, target: str, folder) -> None:
    imports = Import(folder, target, id="manifests", columns=COLUMNS, alerts={"late_after": "1s"})
    for n, broken in enumerate(({"flowRunId": text}, {"name": text}, {"sinkPath": text}, {"scheduledTime": text})):
        manifest = {
            "flowRunId": f"m{n}",
            "exportResults": [{"name": broken.get("name", "a.csv"), "size": 1, **broken}],
            **broken,
        }
        imports.put(f"manifest-{n}.json", json.dumps(manifest).encode())
        with pytest.raises(SyncError) as caught:
            imports.run(f"manifest {n}")
        assert caught.value.code not in {"ACR-000", "ACR-100"}
        assert caught.value.message.replace("\n", "").replace("\xa0", "").isprintable()


@pytest.mark.parametrize(
    "key",
    [
        *SOME,
        "../../secret.csv",
        "x/../../../../secret.csv",
        "/etc/passwd",
        "./x.csv",
        "a//b.csv",
        "a\0.csv",
        "\x1b[2J",
    ],
)
def test_a_replayed_file_lies_where_corrections_lie(key: str, target: str, folder) -> None:
    folder.put("secret.csv", b"email,account,t1,street,reject_part,reject_line\na@example.com,a,b,c,1,3\n")
    imports = Import(folder, target, id="replays", columns=COLUMNS)
    with (
        landing_zone_for(imports.feed.landing_zone) as zone,
        pytest.raises(SyncDataError, match="no corrected file") as caught,
    ):
        _correction(zone, imports.feed, replay_folder(imports.feed) + key)
    assert "\x1b" not in str(caught.value)
    with landing_zone_for(imports.feed.landing_zone) as zone, pytest.raises(SyncDataError, match="no corrected file"):
        _correction(zone, imports.feed, key)


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a\0b", "", "/", "a//b", "."])
def test_no_key_leads_out_of_a_local_landing_zone(key: str, folder) -> None:
    zone = LocalLandingZone("zone")
    here = StoredObject("in/a.csv", 1, "e", datetime(2026, 1, 1, tzinfo=UTC))
    for use in (
        lambda: zone.stat(key),
        lambda: zone.open(StoredObject(key, 1, "e", here.modified)),
        lambda: zone.stage(key, iter([b"x"])),
        lambda: zone.move(here, key),
        lambda: zone.delete(StoredObject(key, 1, "e", here.modified)),
    ):
        with pytest.raises(FeedConfigError, match="is no key below"):
            use()
