"""A feed's own Python: it gets pandas DataFrames of a part, chunk by chunk, before the lines are validated.

The frame has one ``str`` column per declared column, named after the Campaign attribute, plus the membership columns;
values are as in the file, missing ones are ``None``. Its index is the line number. The function gives back a frame with
the same columns; lines whose index is missing there are rejected as ``transform_dropped``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

from campaign_cdp.exceptions import FeedConfigError, TransformError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.header import Layout
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.rows.validator import RowValidator

if TYPE_CHECKING:
    import pandas as pd

_CHUNK_LINES = 20_000
Transform = Callable[["pd.DataFrame"], "pd.DataFrame"]


def load_transform(reference: str) -> Transform:
    """Import ``module:function``.

    :raises FeedConfigError: if there is no such function.
    """
    module, _, name = reference.partition(":")
    try:
        function: Transform = getattr(import_module(module), name)
    except Exception as err:  # importing runs the module
        raise FeedConfigError(
            f"transform {reference!r} cannot be imported: {type(err).__name__}: {err}. Nothing was loaded."
        ) from err
    return function


def transformed_lines(reader: PartReader, feed: AudienceFeed, transform: Transform) -> Iterator[bytes]:
    """Yield lines for COPY: each chunk goes through ``transform``, then line by line through the validator.

    :raises TransformError: if the function raises or returns something else than such a frame.
    """
    validator = RowValidator(Layout(reader.layout.loaded), feed)
    rows = _declared_columns(reader, RowValidator(reader.layout, feed))
    while chunk := list(islice(rows, _CHUNK_LINES)):
        frame = _frame(chunk, reader.layout)
        result = _applied(transform, frame)
        for line_no in frame.index.difference(result.index):
            reader.reject(Reject(int(line_no), RejectCode.TRANSFORM_DROPPED))
        for line_no, values in zip(result.index, result.itertuples(index=False, name=None), strict=True):
            yield reader.validated(validator.checked([_text(v) for v in values], int(line_no)))


def _declared_columns(reader: PartReader, validator: RowValidator) -> Iterator[tuple[int, list[str]]]:
    kept = [n for n, target in enumerate(reader.layout.targets) if target is not None]
    for line_no, record in reader.records():
        texts = validator.decoded(record.fields, line_no)
        if isinstance(texts, Reject):
            reader.reject(texts)
        else:
            yield line_no, [texts[n] for n in kept]


def _frame(chunk: list[tuple[int, list[str]]], layout: Layout) -> pd.DataFrame:
    import pandas as pd

    index = pd.Index([line_no for line_no, _ in chunk], name="line_no")
    return pd.DataFrame([values for _, values in chunk], index=index, columns=list(layout.loaded), dtype="str")


def _applied(transform: Transform, frame: pd.DataFrame) -> pd.DataFrame:
    columns = list(frame.columns)
    try:
        result = transform(frame.copy())
        if list(result.columns) != columns or not result.index.isin(frame.index).all() or result.index.has_duplicates:
            raise TransformError(
                "The transform must return the columns it was given, in their order, and no new or repeated lines. "
                "Nothing was loaded."
            )
    except TransformError:
        raise
    except Exception as err:
        raise TransformError(
            f"The transform raised {type(err).__name__} in {_place(err, transform)}. Nothing was loaded. Its words are "
            "not shown, for they may quote a value; run the function on a file of your own to see them."
        ) from None
    return result


def _place(err: Exception, transform: Transform) -> str:
    """Return the last line of the function's own file, rather than of pandas."""
    frames = extract_tb(err.__traceback__)
    file = getattr(getattr(transform, "__code__", None), "co_filename", None)
    frame = next((frame for frame in reversed(frames) if frame.filename == file), frames[-1])
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def _text(value: object) -> str | None:
    import pandas as pd

    return None if value is None or value is pd.NA or value != value else str(value)
