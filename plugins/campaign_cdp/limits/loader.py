"""Reads ``limits.yaml``. Nothing is cached: a raised limit counts from the next task on."""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import ValidationError

from campaign_cdp.feeds.explain import explain
from campaign_cdp.feeds.problems import FeedFileError, Problem
from campaign_cdp.feeds.yaml_source import FeedSource, read_source
from campaign_cdp.limits.model import Limits
from campaign_cdp.settings import include_dir

log = logging.getLogger(__name__)


class LimitsFileError(FeedFileError):
    """Everything that is wrong with ``limits.yaml``."""

    effect = "No run goes on until the file is corrected, for nobody would notice a limit that is passed."


def limits_path() -> Path:
    """Return where the limits are declared."""
    return include_dir() / "limits.yaml"


def load_limits(path: Path | None = None) -> Limits:
    """Read the limits. Without a file there are none, which is worth a warning.

    :param path: defaults to ``limits.yaml`` of the include folder of the moment.
    :raises LimitsFileError: with everything that is wrong with it.
    """
    path = path or limits_path()
    if not path.exists():
        log.warning("There is no %s: no limit of the contract is checked", path)
        return Limits.none()
    source = _read(path)
    problems = [*source.repeated_keys()]
    try:
        limits = Limits.model_validate(source.data)
    except ValidationError as err:
        raise LimitsFileError(path, problems + explain(source, err, Limits)) from err
    if problems:
        raise LimitsFileError(path, problems)
    return limits


def _read(path: Path) -> FeedSource:
    try:
        return read_source(path)
    except FeedFileError as err:
        raise LimitsFileError(path, [_of_limits(problem) for problem in err.problems]) from err


def _of_limits(problem: Problem) -> Problem:
    if not problem.text.startswith("is empty"):
        return problem
    return Problem(problem.path, problem.line, "", "is empty; name at least one limit, or delete the file")
