"""Text of a new feed file: every key that needs a decision, with the choices beside it."""

from __future__ import annotations

import re
from typing import Final

_AUDIENCE_IMPORT: Final = """\
# yaml-language-server: $schema=../schemas/feed.schema.json
# All keys with their defaults: docs/reference/feeds.md. Check this file: cdp feeds lint
id: {id}  # the file is called {id}.yaml
direction: audience_import
description: ""  # one line for people
owner: someone@example.com  # who answers for this feed
# schedule: "20 4 * * *"  # UTC; without it a run starts by hand

landing_zone:
  type: s3
  connection: landing_zone_s3  # Airflow connection id
  bucket: aep-exports
  prefix: audiences/{id}/  # one folder per feed
complete_when: manifest  # or, without manifests: {{stable: 2m}}
export: {export}  # full: all members each time; incremental: only changes

columns:  # Campaign attribute: column of the file
  email:     {{from: personalEmail.address, aliases: [email]}}
  firstName: {{from: person.name.firstName}}
  lastName:  {{from: person.name.lastName}}
reconciliation_key: email  # one or two of the columns above

profiles:
  mode: update_only  # update_only | insert_or_update | none
  empty_values: keep  # keep | clear
list:
  name: {list}  # internal name of the Campaign list
  mode: {mode}  # mirror | add | remove_exited

rejects: {{max_pct: 1}}  # above this nothing is applied
volume_guard: {{max_removed_pct: 30}}  # of the list, in one run
historise: {{prefix: historised/{id}/, days: 30}}
alerts: {{late_after: 6h, late_is: failed}}
"""
_EVENT_EXPORT: Final = """\
# yaml-language-server: $schema=../schemas/event_feed.schema.json
# All keys with their defaults: docs/reference/feeds.md. Check this file: cdp feeds lint
id: {id}  # the file is called {id}.yaml
direction: event_export
description: ""  # one line for people
owner: someone@example.com  # who answers for this feed
# schedule: "15 */4 * * *"  # UTC; without it a run starts by hand

instance: my-campaign-prod  # part of every event's _id: never change it
landing_zone:
  type: s3
  connection: landing_zone_s3  # Airflow connection id
  bucket: aep-sources
  prefix: events/{id}/  # what the AEP dataflow watches
  staging: staging/{id}/  # written here first, then published in one step

logs:  # delivery | tracking | subscription | exclusion
  delivery: {{overlap: 1d}}  # rows change their state for days
  tracking: {{overlap: 7d}}  # rows arrive hours late
  subscription: {{}}
identity: account  # attribute of the recipient that AEP knows people by
format: csv  # csv | jsonl | parquet
window: {{first_run: now}}  # now | all | a day (UTC)
"""
_REMARK: Final = re.compile(r"^(.*\S) {2,}# (.*)$", re.MULTILINE)
_TEMPLATES: Final = {"audience_import": _AUDIENCE_IMPORT, "event_export": _EVENT_EXPORT}
DIRECTIONS: Final = tuple(_TEMPLATES)


def feed_text(feed_id: str, direction: str, export: str) -> str:
    """Return a feed file that lints clean.

    :param export: of an audience: ``full`` lists mirror the audience, ``incremental`` ones remove who exited.
    """
    mode = "mirror" if export == "full" else "remove_exited"
    text = _TEMPLATES[direction].format(id=feed_id, list=feed_id.upper(), export=export, mode=mode)
    return _REMARK.sub(lambda match: f"{match[1]:<42}  # {match[2]}", text)
