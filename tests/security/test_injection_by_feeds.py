"""Every text of a feed is refused unless it is a name of its kind, or stays a value."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import psycopg
import pytest
import yaml
from pydantic import ValidationError

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import load_feed
from campaign_cdp.feeds.model import AudienceFeed
from tests.operators.importing import Import
from tests.security.payloads import LINE_ENDS, LONG, PAYLOADS, SOME

ZONE = {"type": "s3", "connection": "zone", "bucket": "b"}
NOTIFY = [
    {"type": "email", "connection": "mail", "to": ["ops@example.com"], "kinds": ["failed"]},
    {"type": "slack", "connection": "slack"},
]
AUDIENCE: dict[str, Any] = {
    "id": "gold",
    "direction": "audience_import",
    "description": "d",
    "owner": "o",
    "schedule": "0 4 * * *",
    "landing_zone": {**ZONE, "prefix": "in/gold/", "name_pattern": "*.csv"},
    "campaign": "campaign_db",
    "complete_when": {"stable": "2m"},
    "export": "full",
    "file": {"null_tokens": ["null"], "encoding": "utf-8", "delimiter": ",", "quote": '"', "escape": "\\"},
    "pgp": "pgp",
    "columns": {
        "email": {"from": "email", "aliases": ["mail"]},
        "text1": {"from": "t", "default": "x", "on_error": "default", "case": "keep", "type": "string"},
        "birthDate": {"from": "b", "format": "%d/%m/%Y"},
    },
    "membership": {"status": "s*", "qualified_at": "q*"},
    "reconciliation_key": "email",
    "profiles": {"mode": "insert_or_update", "empty_values": "keep", "folder": "f"},
    "list": {"name": "GOLD", "label": "l", "mode": "mirror"},
    "rejects": {"prefix": "rejects/"},
    "historise": {"prefix": "history/"},
    "alerts": {"late_after": "4h", "late_is": "failed", "notify": NOTIFY},
    "transform": "module:function",
}
EVENTS: dict[str, Any] = {
    "id": "events",
    "direction": "event_export",
    "description": "d",
    "owner": "o",
    "schedule": "0 4 * * *",
    "campaign": "campaign_db",
    "instance": "prod",
    "landing_zone": {**ZONE, "prefix": "out/events/", "staging": "staging/"},
    "logs": {"delivery": {"mapping": "delivery", "overlap": "1d", "events": ["sent"]}},
    "identity": "account",
    "identity_namespace": "CRMID",
    "format": "jsonl",
    "compression": "gzip",
    "pgp": "pgp",
    "historise": {"prefix": "history/", "after": "7d"},
    "window": {"first_run": "now", "settle": "1m", "retention": "180d"},
    "alerts": {"landing_within": "10m", "notify": NOTIFY},
}
#: Texts that are anybody's to choose: names of connections and buckets, words for people, what a file holds.
FREE = {
    *("description", "owner", "campaign", "pgp", "landing_zone.connection", "landing_zone.bucket"),
    *("landing_zone.name_pattern", "alerts.notify.0.connection", "alerts.notify.1.connection"),
    *(
        "file.null_tokens.0",
        "columns.text1.default",
        "columns.text1.from",
        "columns.email.from",
        "columns.birthDate.from",
    ),
    *("columns.email.aliases.0", "membership.status", "membership.qualified_at", "profiles.folder", "list.label"),
    *("landing_zone.prefix", "rejects.prefix", "historise.prefix", "columns.birthDate.format"),
}
#: Checked against the mapping, which only the loader reads.
BY_MAPPING = {"identity", "logs.delivery.mapping", "logs.delivery.events.0"}
TEXTS = [*PAYLOADS.values(), *LINE_ENDS.values(), LONG, "../../../etc/passwd"]


def texts_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, str):
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from texts_of(inner, (*path, key))


def changed(feed: dict[str, Any], path: tuple[Any, ...], text: str) -> dict[str, Any]:
    copy = deepcopy(feed)
    place: Any = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = text
    return copy


@pytest.mark.parametrize(("model", "feed"), [(AudienceFeed, AUDIENCE), (EventFeed, EVENTS)], ids=["in", "out"])
def test_what_is_no_free_text_refuses_everything_that_is_no_name(model: Any, feed: dict[str, Any]) -> None:
    model.model_validate(feed)
    taken = set()
    for path in texts_of(feed):
        for text in TEXTS:
            try:
                model.model_validate(changed(feed, path, text))
                taken.add(".".join(map(str, path)))
            except ValidationError:
                continue
    assert taken - FREE - BY_MAPPING == set()


@pytest.mark.parametrize("key", ["columns", "logs", ""])
@pytest.mark.parametrize("text", TEXTS[:5])
def test_keys_are_names_that_are_known(key: str, text: str) -> None:
    model, feed = (EventFeed, EVENTS) if key == "logs" else (AudienceFeed, AUDIENCE)
    broken = {**feed, key: {**feed[key], text: {"from": "x"}}} if key else {**feed, text: "x"}
    with pytest.raises(ValidationError):
        model.model_validate(broken)


@pytest.mark.parametrize("path", sorted(BY_MAPPING))
def test_a_mapping_is_a_name_and_what_it_lacks_is_refused(path: str, tmp_path) -> None:
    keys = tuple(int(key) if key.isdigit() else key for key in path.split("."))
    for text in [text for text in TEXTS if text.isprintable() and text != LONG]:
        file = tmp_path / "events.yaml"
        file.write_text(yaml.safe_dump(changed(EVENTS, keys, text)))
        with pytest.raises(FeedConfigError):
            load_feed(file)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['id']",
        "!!python/name:os.system",
        "owner: !!python/object/new:subprocess.Popen [['id']]",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
    ],
)
def test_yaml_makes_no_objects(text: str, tmp_path) -> None:
    file = tmp_path / "gold.yaml"
    file.write_text(text)
    with pytest.raises(FeedConfigError):
        load_feed(file)


@pytest.mark.parametrize("text", [*SOME, LINE_ENDS["line end"], LINE_ENDS["line end and a transaction"]])
def test_free_text_stays_a_value(text: str, target: str, folder) -> None:
    with psycopg.connect(target) as conn:
        conn.execute("INSERT INTO xtkfolder (ifolderid, sname) VALUES (nextval('xtknewid'), %s)", (text,))
    name = f"L{abs(hash(text))}"
    imports = Import(
        folder,
        target,
        id="free_text",
        description=text,
        owner=text,
        columns={
            "email": {"from": "email"},
            "text1": {"from": text, "default": text},
            "text2": {"from": "t2", "aliases": [text + "2"]},
        },
        file={} if "\n" in text else {"null_tokens": [text, "null"]},
        list={"name": name, "label": text, "mode": "mirror"},
        profiles={"mode": "insert_or_update", "folder": text},
        membership={"status": text},
    )
    quoted = text.replace("\\", "\\\\").replace('"', '""')
    imports.export(f'email,"{quoted}",t2\nfree@example.com,null,kept\n'.encode())
    imports.run(f"free {text}")
    rows = imports.sql(
        "SELECT r.stext1, r.stext2, f.sname FROM nmsrecipient r JOIN xtkfolder f USING (ifolderid) WHERE r.semail = 'free@example.com'"
    )
    labels = imports.sql("SELECT slabel FROM nmsgroup WHERE sname = %s", name)
    with psycopg.connect(target) as conn:
        conn.execute("DELETE FROM nmsrecipient WHERE semail = 'free@example.com'")
    assert rows == [(text, "kept", text)]
    assert labels == [(text,)]
