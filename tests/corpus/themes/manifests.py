"""Folders that are uploaded as they are, manifest included."""

from __future__ import annotations

import json
from typing import Any

from tests.corpus.lines import line, part

_PART, _SECOND = part(), part(line("S2"))
_SIZE = len(_PART)
_ID = "0ac8f3c0-29bd-40aa-82c1-f1b7e0657b19"
_TIME = "2026-03-01T01:00:00Z"
FILES: dict[str, bytes] = {}


def entry(name: str = "export.csv", size: Any = _SIZE, **more: Any) -> dict[str, Any]:
    return {"sinkPath": "/in", "name": name, "size": size, **more}


def document(*entries: dict[str, Any], **changes: Any) -> bytes:
    """A manifest of these files, by default of the part that is there. A change to ``...`` takes a key out."""
    found = {"flowRunId": _ID, "scheduledTime": _TIME, "exportResults": list(entries or (entry(),)), **changes}
    return json.dumps({key: value for key, value in found.items() if value is not ...}).encode()


def folder(name: str, manifest: bytes, **parts: bytes) -> None:
    """A manifest beside ``export.csv``, or beside these files."""
    FILES[f"{name}/manifest-d-{_ID}.json"] = manifest
    for path, content in (parts or {"export.csv": _PART}).items():
        FILES[f"{name}/{path}"] = content


folder("as_adobe_shows_it", document())
folder("unknown_keys", document(entry(checksum="x", rows=3), version=2, totals={"files": 1}))
folder("size_beside_the_list", document({"name": "export.csv", "sinkPath": "/in"}, size=_SIZE))
folder("byte_order_mark", b"\xef\xbb\xbf" + document())
folder("pretty_printed", json.dumps(json.loads(document()), indent=4).replace("\n", "\r\n").encode())
# -- Parts
folder(
    "two_parts",
    document(entry("export_2.csv", len(_SECOND)), entry()),
    **{"export.csv": _PART, "export_2.csv": _SECOND},
)
folder("part_missing", document(entry(), entry("export_2.csv", 500)))
folder("part_too_short", document(entry(size=_SIZE + 1)))
folder("part_too_long", document(entry(size=_SIZE - 1)))
folder("part_without_bytes", document(entry(size=0)), **{"export.csv": b""})
folder("part_listed_twice", document(entry(), entry()))
folder("part_in_two_folders", document(), **{"a/export.csv": _PART, "b/export.csv": _PART})
folder(
    "part_in_another_folder", document(entry(sinkPath="/acme/Luxury Audience")), **{"Luxury Audience/export.csv": _PART}
)
folder("no_parts", document(exportResults=[]))
folder("no_parts_for_a_list_with_members", document(exportResults=[]))
folder("no_list_of_parts", document(exportResults=...))
folder("list_of_parts_is_null", document(exportResults=None))
folder("not_a_data_file", document(entry("export.exe")), **{"export.exe": _PART})
folder("lists_itself", document(entry(f"manifest-d-{_ID}.json", 300)))
# -- Names of parts
folder("name_leads_up", document(entry("../../elsewhere/secret.csv", 40)))
folder("name_is_absolute", document(entry("/etc/passwd.csv", 40)))
folder("name_with_folder", document(entry("in/export.csv")))
folder("name_is_dots", document(entry("..")))
folder("name_is_a_slash", document(entry("/")))
folder("name_empty", document(entry("")))
folder("name_is_a_number", document(entry(name=7)))  # type: ignore[arg-type]
folder("name_unicode", document(entry("größe 漢.csv")), **{"größe 漢.csv": _PART})
folder("name_very_long", document(entry("x" * 2000 + ".csv")))
folder("name_with_line_end", document(entry("export\n.csv")))
folder("name_with_nul", document(entry("export\0.csv")))
folder("name_lone_surrogate", document(entry("export\ud800.csv")))
# -- Sizes
folder("size_negative", document(entry(size=-1)))
folder("size_is_text", document(entry(size="many")))
folder("size_huge", document(entry(size=10**30)))
folder("size_of_5000_digits", document(entry(size="@@")).replace(b'"@@"', b"9" * 5000))
folder("size_not_a_number", document(entry(size=float("nan"))))
folder("size_infinite", document(entry(size=float("inf"))))
folder("size_missing", document({"name": "export.csv"}))
# -- The run
folder("run_missing", document(flowRunId=...))
folder("run_null", document(flowRunId=None))
folder("run_is_a_number", document(flowRunId=7))
folder("run_leads_up", document(flowRunId="../../x"))
folder("run_with_sql", document(flowRunId="x'; DROP TABLE nmsrecipient; --"))
folder("run_very_long", document(flowRunId="x" * 500))
folder("run_of_two_manifests", document(), **{"export.csv": _PART, "again/manifest-d-again.json": document()})
folder(
    "two_runs_of_one_name",
    document(entry(size=10), flowRunId="r-1", scheduledTime="2026-02-01T01:00:00Z"),
    **{"manifest-d-r-2.json": document(flowRunId="r-2"), "export.csv": _PART},
)
folder(
    "two_runs_of_one_name_in_changes",
    document(entry(size=10), flowRunId="r-1", scheduledTime="2026-02-01T01:00:00Z"),
    **{"manifest-d-r-2.json": document(flowRunId="r-2"), "export.csv": _PART},
)
folder("broken_beside_a_good_one", b"{", **{"manifest-d-r-2.json": document(), "export.csv": _PART})
# -- Its time
folder("time_missing", document(scheduledTime=...))
folder("time_without_zone", document(scheduledTime="2026-03-01T01:00:00"))
folder("time_of_another_zone", document(scheduledTime="2026-03-01T01:00:00.123+05:30"))
folder("time_unreadable", document(scheduledTime="soon"))
folder("time_is_a_list", document(scheduledTime=[2026]))
folder("time_in_the_far_future", document(scheduledTime="9999-12-31T23:59:59Z"))
folder("time_in_the_next_century", document(scheduledTime="2126-03-01T01:00:00Z"))
folder("time_of_year_1", document(scheduledTime="0001-01-01T00:00:00+14:00"))
folder("time_of_1970", document(scheduledTime="1970-01-01T00:00:00Z"))
# -- No manifest at all
folder("not_json", b"done\n")
folder("no_bytes", b"")
folder("cut_off", document()[:-30])
folder("two_documents", document() + document())
folder("a_list", b"[" + document() + b"]")
folder("a_number", b"1")
folder("deeply_nested", b'{"a":' + b"[" * 30_000)
folder("nested_and_closed", document(more="@@").replace(b'"@@"', b"[" * 20_000 + b"]" * 20_000))
folder("latin1", document(entry("gr\xf6\xdfe.csv")).replace(b"\\u00f6\\u00df", b"\xf6\xdf"))
folder("utf16", document().decode().encode("utf-16"))
folder("keys_twice", document()[:-1] + b', "exportResults": []}')
folder("keys_twice_in_a_part", document().replace(b'"size"', b'"size": 1, "size"'))
