"""Reads a part as a run would, but loads nothing: what would be accepted, rejected and changed on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from campaign_cdp.attributes import ValueType
from campaign_cdp.exceptions import SyncDataError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.decompress import Decrypt
from campaign_cdp.rows.dialect import Dialect, Record
from campaign_cdp.rows.header import HeaderMatch, Layout, match_header
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject, mask
from campaign_cdp.rows.transform import Transform, load_transform, transformed_lines
from campaign_cdp.rows.validator import RowValidator

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES: Final = 3
_TEXTS: Final = frozenset({ValueType.STRING, ValueType.EMAIL})


@dataclass(slots=True)
class Changes:
    """What one kind of change did to the values of one column.

    :param examples: before and after, masked where they may be personal.
    """

    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Trial:
    """What a part would do. Nothing of it was loaded.

    :param layers: how it is packed, outermost first.
    :param header: ``None`` if no header could be read.
    :param accepted: lines that would be loaded.
    :param by_code: rejected lines by code.
    :param rejects: the first of each code, masked.
    :param changes: by column and kind: ``filled`` with the default, ``emptied`` or ``replaced`` by the default
        because the value was bad, ``respelled``, ``transformed`` by the feed's own function.
    :param is_cut: there are more lines, which were not looked at.
    :param error: the part could not be read, or not to its end.
    """

    layers: list[str] = field(default_factory=list)
    header: HeaderMatch | None = None
    accepted: int = 0
    rejected: int = 0
    by_code: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    changes: dict[tuple[str, str], Changes] = field(default_factory=dict)
    is_cut: bool = False
    error: SyncDataError | None = None

    def over_limit(self, feed: AudienceFeed) -> str | None:
        """Return the limit of the feed that the rejected lines are over, in words."""
        limits, pct = feed.rejects, 100 * self.rejected / max(self.accepted + self.rejected, 1)
        if limits.max_count is not None and self.rejected > limits.max_count:
            return f"{limits.max_count:,} lines"
        return f"{limits.max_pct:g} %" if pct > limits.max_pct else None


def try_part(
    source: BinaryIO,
    feed: AudienceFeed,
    decrypt: Decrypt | None = None,
    *,
    lines: int | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Trial:
    """Read a part against its feed.

    :param source: the part as stored.
    :param decrypt: needed for encrypted parts only.
    :param lines: look at no more than so many; ``None`` reads to the end.
    :param on_progress: called now and then with the stored bytes read so far.
    :raises FeedConfigError: if the feed's transform cannot be imported, or its key not be used.
    """
    trial, seen = Trial(), Counter[str]()

    def keep(reject: Reject) -> None:
        seen[reject.code] += 1
        if seen[reject.code] <= EXAMPLES:
            trial.rejects.append(reject)

    reader = _Sample(source, feed, keep, decrypt, lines, on_progress)
    try:
        _read(reader, feed, trial)
    except SyncDataError as err:
        trial.error = err
    trial.layers = [str(layer) for layer in reader.stream.layers]
    trial.header = match_header(reader.names, feed) if hasattr(reader, "names") else None
    trial.accepted, trial.rejected = reader.counts.rows, reader.counts.rejected
    trial.by_code, trial.is_cut = dict(reader.counts.by_code.most_common()), reader.is_cut
    return trial


class _Sample(PartReader):
    """A reader that stops after so many records."""

    def __init__(
        self,
        source: BinaryIO,
        feed: AudienceFeed,
        on_reject: Callable[[Reject], None],
        decrypt: Decrypt | None,
        most: int | None,
        on_progress: Callable[[int], None],
    ) -> None:
        super().__init__(source, feed, on_reject, decrypt)
        self.is_cut, self._most, self._on_progress = False, most, on_progress

    def records(self) -> Iterator[tuple[int, Record]]:
        for number, record in enumerate(super().records()):
            if self._most is not None and number >= self._most:
                self.is_cut = True
                return
            if number % 1000 == 0:
                self._on_progress(self.stream.bytes_in)
            yield record


def _read(reader: PartReader, feed: AudienceFeed, trial: Trial) -> None:
    layout = reader.open()
    watch = _Watch(feed, layout, trial.changes)
    if feed.transform:
        transform = watch.over(load_transform(feed.transform))
        for _ in transformed_lines(reader, feed, transform):
            pass
        return
    validator = RowValidator(layout, feed)
    for line_no, record in reader.records():
        texts = validator.decoded(record.fields, line_no)
        row = texts if isinstance(texts, Reject) else validator.checked(texts, line_no)
        if isinstance(texts, Reject) or isinstance(row, Reject):
            reader.validated(row)
            continue
        reader.validated(row)
        watch.compare(texts, row)


class _Watch:
    """Counts what becomes of values on their way."""

    def __init__(self, feed: AudienceFeed, layout: Layout, changes: dict[tuple[str, str], Changes]) -> None:
        self._feed, self._changes = feed, changes
        self._nulls = frozenset(Dialect.of(feed.file).null_tokens) | {""}
        self._fields = [(n, name) for n, name in enumerate(layout.targets) if name is not None]

    def compare(self, texts: Sequence[str], row: Sequence[str | None]) -> None:
        """Compare the fields of a record with what would be loaded of it."""
        for (n, name), after in zip(self._fields, row, strict=True):
            text = texts[n].strip(" \t")
            before = None if text in self._nulls else text
            if before != after and (kind := self._kind(name, before, after)):
                self._count(name, kind, before, after)

    def over(self, transform: Transform) -> Transform:
        """Count what the feed's own function changes as well."""

        def watched(frame: pd.DataFrame) -> pd.DataFrame:
            given = frame.copy()  # the function may write into the one that it gets
            result = transform(frame)
            if list(result.columns) == list(given.columns) and result.index.isin(given.index).all():
                self._compare_frames(given.loc[result.index], result)
            return result

        return watched

    def _compare_frames(self, before: pd.DataFrame, after: pd.DataFrame) -> None:
        for name in before.columns:
            old, new = before[name], after[name]
            differs = (old != new) & ~(old.isna() & new.isna())
            for one, other in zip(old[differs], new[differs], strict=True):
                self._count(name, "transformed", _text(one), _text(other))

    def _kind(self, name: str, before: str | None, after: str | None) -> str | None:
        if name not in self._feed.columns:
            return None
        if before is None or after is None:
            return "filled" if before is None else "emptied"
        if after == self._feed.columns[name].default and before.casefold() != after.casefold():
            return "replaced"
        return "respelled" if self._feed.type_of(name) in _TEXTS else None

    def _count(self, name: str, kind: str, before: str | None, after: str | None) -> None:
        changes = self._changes.setdefault((name, kind), Changes())
        changes.count += 1
        if len(changes.examples) < EXAMPLES:
            changes.examples.append((self._shown(name, before), self._shown(name, after)))

    def _shown(self, name: str, value: str | None) -> str:
        if value is None:
            return "(no value)"
        is_personal = name in self._feed.columns and self._feed.attribute(name).pii
        return mask(value) if is_personal or "@" in value else value[:60]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
