"""An alert in words: one subject, plain text, HTML and Slack's blocks, all saying the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from campaign_cdp.alerts.alert import Occurrence, Severity

_MARKS: Final = {Severity.ERROR: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
_COLORS: Final = {Severity.ERROR: "#c53030", Severity.WARNING: "#b7791f", Severity.INFO: "#2b6cb0"}
_OVER: Final = "🟢"
#: Longest texts that Slack takes.
_HEADER, _SECTION = 150, 3_000


@dataclass(frozen=True, slots=True)
class Links:
    """Where to read on; whatever is not known is left out.

    :param page: the view of the *Sync runs* page.
    :param error: the page of the code.
    :param runbook: what to do about this kind of alert.
    """

    page: str = ""
    error: str = ""
    runbook: str = ""

    def named(self) -> list[tuple[str, str]]:
        found = (("Sync runs", self.page), ("About the code", self.error), ("Runbook", self.runbook))
        return [(name, url) for name, url in found if url]


def subject(seen: Occurrence) -> str:
    """One line, without line breaks: a mail's headers must not be anybody's to write."""
    state = "RESOLVED" if seen.resolved else seen.severity.upper()
    return " ".join(f"[campaign-cdp] {state}: {seen.alert.what} ({seen.alert.code})".split())


def header(seen: Occurrence) -> str:
    """Return the key of the alert as a header of a mail: one line of ASCII, whatever a bucket is called."""
    return "".join(char if "!" <= char <= "~" else "?" for char in seen.alert.dedup_key)


def text(seen: Occurrence, links: Links) -> str:
    """Return the plain text."""
    lines = [seen.alert.what, "", seen.alert.details, "", f"Next step: {seen.alert.next_step}", ""]
    lines += [f"{name}: {value}" for name, value in _facts(seen)]
    lines += [f"{name}: {url}" for name, url in links.named()]
    return "\n".join(lines) + "\n"


def html(seen: Occurrence, links: Links) -> str:
    """Return the HTML; whatever came from outside is escaped."""
    rows = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#666">{escape(name)}</td><td>{escape(value)}</td></tr>'
        for name, value in _facts(seen)
    )
    more = " · ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in links.named())
    color = "#2f855a" if seen.resolved else _COLORS[seen.severity]
    return (
        f'<html><body style="font-family:sans-serif"><h3 style="color:{color}">{escape(seen.alert.what)}</h3>'
        f'<p style="white-space:pre-line">{escape(seen.alert.details)}</p>'
        f"<p><b>Next step:</b> {escape(seen.alert.next_step)}</p><table>{rows}</table><p>{more}</p></body></html>"
    )


def blocks(seen: Occurrence, links: Links) -> list[dict[str, Any]]:
    """Return Slack's blocks: plain text, so that nothing from outside is read as markup or mentions people."""
    mark = _OVER if seen.resolved else _MARKS[seen.severity]
    facts = " · ".join(f"{name}: {value}" for name, value in _facts(seen))
    found: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(f"{mark} {seen.alert.what}", _HEADER)},
        {"type": "section", "text": _plain(f"{seen.alert.details}\n\nNext step: {seen.alert.next_step}", _SECTION)},
        {"type": "context", "elements": [_plain(facts, _SECTION)]},
    ]
    if more := " · ".join(f"<{url}|{name}>" for name, url in links.named()):
        found.append({"type": "section", "text": {"type": "mrkdwn", "text": more}})
    return found


def _facts(seen: Occurrence) -> Iterator[tuple[str, str]]:
    yield "code", seen.alert.code
    if seen.alert.feed:
        yield "feed", seen.alert.feed
    for name, value in seen.alert.numbers.items():
        yield name, f"{value:,}" if isinstance(value, int) else str(value)
    if seen.alert.dag_run_id:
        yield "Dag run", f"{seen.alert.dag_id} {seen.alert.dag_run_id}"
    if seen.first_at and (seen.count > 1 or seen.resolved):
        yield "seen", f"{seen.count:,} times since {seen.first_at:%Y-%m-%d %H:%M} UTC"


def _plain(words: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": words if len(words) <= longest else words[: longest - 1] + "…"}
