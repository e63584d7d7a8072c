"""The header line decides which field of a record is which attribute."""

from __future__ import annotations

import difflib
import fnmatch
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from campaign_cdp.exceptions import HeaderError
from campaign_cdp.feeds.model import AudienceFeed

#: Names of the membership columns in a work table; no Campaign attribute can have them.
STATUS = "membership_status"
QUALIFIED_AT = "qualified_at"


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


def read_header(names: Sequence[str], feed: AudienceFeed) -> Layout:
    """Match the header of a part with the columns of its feed.

    :raises HeaderError: if a declared column is missing, a header is repeated, or two headers mean the same column.
    """
    names = [name.strip(" \t") for name in names]
    _refuse_repeats(names)
    targets = [_target(name, feed) for name in names]
    for target, count in Counter(targets).items():
        if target is not None and count > 1:
            same = [n for n, t in zip(names, targets, strict=True) if t == target]
            raise HeaderError(
                f"{' and '.join(same)} all mean {target}. Nothing was loaded; make the feed's names exact."
            )
    _refuse_missing(names, targets, feed)
    return Layout(tuple(targets))


def _normal(name: str) -> str:
    """AEP's mapping step writes dots as underscores, older cards keep the dots."""
    return name.replace(".", "_")


def _target(name: str, feed: AudienceFeed) -> str | None:
    normal = _normal(name)
    for attribute, column in feed.columns.items():
        if normal in {_normal(column.source), *map(_normal, column.aliases)}:
            return attribute
    if fnmatch.fnmatchcase(normal, _normal(feed.membership.status)):
        return STATUS
    if fnmatch.fnmatchcase(normal, _normal(feed.membership.qualified_at)):
        return QUALIFIED_AT
    return None


def _refuse_repeats(names: Sequence[str]) -> None:
    repeated = sorted(name for name, count in Counter(map(_normal, names)).items() if count > 1)
    if repeated:
        raise HeaderError(
            f"The header has {', '.join(repeated)} more than once. Nothing was loaded, because which one counts is a "
            f"guess. Rename the column in AEP's mapping step."
        )


def _refuse_missing(names: Sequence[str], targets: Sequence[str | None], feed: AudienceFeed) -> None:
    wanted = {attribute: column.source for attribute, column in feed.columns.items()}
    if feed.list and feed.list.mode == "remove_exited":
        wanted[STATUS] = feed.membership.status
    missing = {attribute: source for attribute, source in wanted.items() if attribute not in targets}
    if not missing:
        return
    hints = [_hint(source, names) for source in missing.values()]
    raise HeaderError(
        f"The header lacks {len(missing)} of {len(wanted)} declared columns: {'; '.join(hints)}. Nothing was loaded. "
        f"Found: {', '.join(names[:20])}. Fix AEP's mapping step, or `from`/`aliases` and `file.delimiter` in the feed."
    )


def _hint(source: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(source, names, n=1)
    return f"{source} (is it {close[0]!r}?)" if close else source
