"""What is wrong with a feed file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign_cdp.exceptions import FeedConfigError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct.

    :param line: counted from 1, as editors do.
    :param key: dotted path of the key, empty for the file as a whole.
    """

    path: Path
    line: int
    key: str
    text: str
    column: int | None = None

    def __str__(self) -> str:
        return self.at(self.path.name)

    def at(self, label: str) -> str:
        """Write the problem with ``label`` in place of the file name."""
        place = f"{label}:{self.line}" + (f":{self.column}" if self.column else "")
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"

    def to_json(self) -> dict[str, Any]:
        return {"line": self.line, "column": self.column, "key": self.key, "message": self.text}


class FeedFileError(FeedConfigError):
    """Everything that is wrong with one feed file, in line order.

    :param path: the feed file.
    :param problems: at least one.
    """

    effect = "This feed has no Dag until the file is corrected; others run on."

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.key)))
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{count} in {path.name}. {self.effect}{lines}")
