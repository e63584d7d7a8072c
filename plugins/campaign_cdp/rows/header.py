"""The header line decides which field of a record is which attribute."""

from __future__ import annotations

import difflib
import fnmatch
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from campaign_cdp.exceptions import HeaderError
from campaign_cdp.feeds.model import AudienceFeed, Membership
from campaign_cdp.rows.rejects import mask

#: Names of the membership columns in a work table; no Campaign attribute can have them.
STATUS = "membership_status"
QUALIFIED_AT = "qualified_at"
_DELIMITERS = ",\t;|:"
_MAX_HINTS, _MAX_LISTED, _MAX_NAME = 500, 20, 60


@dataclass(frozen=True)
class Layout:
    """Columns of one part, in file order.

    :param targets: per field of the file the attribute, :data:`STATUS`, :data:`QUALIFIED_AT`, or ``None`` if ignored.
    """

    targets: tuple[str | None, ...]

    @property
    def loaded(self) -> tuple[str, ...]:
        """Columns that reach the work table, in file order."""
        return tuple(target for target in self.targets if target is not None)


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """How a header fits its feed, also where it would be refused.

    :param matched: header by attribute, :data:`STATUS` or :data:`QUALIFIED_AT`.
    :param missing: header that the feed wants, by attribute, with what it may have been called instead.
    :param unknown: headers that are not loaded; masked if not one is known, because the line may be data.
    :param ambiguous: headers that mean the same attribute.
    :param repeated: headers that are there more than once.
    """

    matched: dict[str, str]
    missing: dict[str, str]
    unknown: tuple[str, ...]
    ambiguous: dict[str, tuple[str, ...]]
    repeated: tuple[str, ...]


def match_header(names: Sequence[str], feed: AudienceFeed) -> HeaderMatch:
    """Compare the header of a part with the columns of its feed, and refuse nothing."""
    names = [name.strip(" \t") for name in names]
    attributes = _attributes(feed)
    found: dict[str, list[str]] = {}
    unknown = []
    for name in names:
        target = _target(_normal(name), attributes, feed.membership)
        unknown.append(name) if target is None else found.setdefault(target, []).append(name)
    return HeaderMatch(
        matched={target: same[0] for target, same in found.items()},
        missing={target: _hint(source, names) for target, source in _wanted(feed).items() if target not in found},
        unknown=tuple(unknown if found else map(mask, unknown)),
        ambiguous={target: tuple(same) for target, same in found.items() if len(set(map(_normal, same))) > 1},
        repeated=tuple(_repeated(names)),
    )


def read_header(names: Sequence[str], feed: AudienceFeed) -> Layout:
    """Match the header of a part with the columns of its feed.

    :raises HeaderError: if a declared column is missing, a header is repeated, or two headers mean the same column.
    """
    names = [name.strip(" \t") for name in names]
    attributes = _attributes(feed)
    targets = [_target(_normal(name), attributes, feed.membership) for name in names]
    if not any(targets):
        _refuse_strange(names, attributes, feed.file.delimiter)
    _refuse_repeats(names)
    for target, count in Counter(targets).items():
        if target is not None and count > 1:
            same = [n for n, t in zip(names, targets, strict=True) if t == target]
            raise HeaderError(f"{_listed(same)} all mean {target}. Nothing was loaded; make the feed's names exact.")
    _refuse_missing(names, targets, feed)
    return Layout(tuple(targets))


def _normal(name: str) -> str:
    """AEP's mapping step writes dots as underscores, older cards keep the dots."""
    return name.replace(".", "_")


def _attributes(feed: AudienceFeed) -> dict[str, str]:
    """Attribute by every spelling of its header; the first column that claims a spelling has it."""
    spellings: dict[str, str] = {}
    for attribute, column in feed.columns.items():
        for spelling in (column.source, *column.aliases):
            spellings.setdefault(_normal(spelling), attribute)
    return spellings


def _target(normal: str, attributes: dict[str, str], membership: Membership) -> str | None:
    if normal in attributes:
        return attributes[normal]
    if fnmatch.fnmatchcase(normal, _normal(membership.status)):
        return STATUS
    if fnmatch.fnmatchcase(normal, _normal(membership.qualified_at)):
        return QUALIFIED_AT
    return None


def _refuse_strange(names: Sequence[str], attributes: Mapping[str, str], delimiter: str) -> None:
    """A first line without a single known header may be data, so the message must not show it."""
    known = {spelling.casefold() for spelling in attributes}
    line = _normal(delimiter.join(names)).casefold()
    if any(not known.isdisjoint(map(str.strip, line.split(other))) for other in _DELIMITERS):
        return
    raise HeaderError(
        f"None of the {len(names)} fields of the first line is a declared column: {_listed(map(mask, names))} (masked, "
        f"because it may be data). Nothing was loaded. Has the part a header at all? Declared are "
        f"{_listed(attributes)}; fix `from`, `aliases` or `file.delimiter` in the feed, or the export in AEP."
    )


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name or "an empty name" for name, count in Counter(map(_normal, names)).items() if count > 1)


def _refuse_repeats(names: Sequence[str]) -> None:
    repeated = _repeated(names)
    if repeated:
        raise HeaderError(
            f"The header has {_listed(repeated)} more than once. Nothing was loaded, because which one counts is a "
            f"guess. Rename the column in AEP's mapping step."
        )


def _wanted(feed: AudienceFeed) -> dict[str, str]:
    """Header by attribute, of all that a part has to have."""
    wanted = {attribute: column.source for attribute, column in feed.columns.items()}
    if feed.list and feed.list.mode == "remove_exited":
        wanted[STATUS] = feed.membership.status
    return wanted


def _refuse_missing(names: Sequence[str], targets: Sequence[str | None], feed: AudienceFeed) -> None:
    wanted = _wanted(feed)
    missing = {attribute: source for attribute, source in wanted.items() if attribute not in targets}
    if not missing:
        return
    hints = [_hint(source, names) for source in missing.values()]
    raise HeaderError(
        f"The header lacks {len(missing)} of {len(wanted)} declared columns: {'; '.join(hints)}. Nothing was loaded. "
        f"Found: {_listed(names)}. Fix AEP's mapping step, or `from`/`aliases` and `file.delimiter` in the feed."
    )


def _hint(source: str, names: Sequence[str]) -> str:
    by_folded = {_normal(name).casefold(): name for name in names[:_MAX_HINTS]}
    close = difflib.get_close_matches(_normal(source).casefold(), by_folded, n=1)
    return f"{source} (is it {by_folded[close[0]]!r}?)" if close else source


def _listed(names: Iterable[str]) -> str:
    """A file that is no CSV may have any number of names of any length."""
    shown = [name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + "…" for name in islice(names, _MAX_LISTED + 1)]
    return ", ".join(shown[:_MAX_LISTED]) + (", …" if len(shown) > _MAX_LISTED else "")
