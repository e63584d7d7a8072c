"""Says in plain words why a file is not YAML. The parser's own words describe its state, not the mistake."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from campaign_cdp.feeds.problems import Problem

_NEEDS_QUOTES = re.compile(r"(?:^|[:,\[{-]\s+)[*&!%@`|>]")

_HINTS = {
    "end of stream": "the quote opened in line {start} is never closed",
    "expected ','": "the bracket opened in line {start} is never closed, or a comma is missing",
    "expected node content": "the bracket opened in line {start} is never closed",
    "expected ':'": "a colon followed by a blank is missing, here or on the line above",
    "unknown escape": "\\ has a meaning between double quotes; use single quotes",
    "expected key": "the indentation does not match the lines above, or a bracket is closed twice",
    "indicator": "list items (- a) and keys (a: b) are mixed, or the indentation does not match the lines above",
    "another document": "the file holds a second document after ---; a feed file holds one feed",
}


def syntax_problem(path: Path, text: str, error: yaml.YAMLError) -> Problem:
    """Turn a parser's error into line, column and what to look for."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unreadable(path, text, error)
    context = getattr(error, "context_mark", None)
    start = context.line + 1 if context else None
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    hint = _hint(str(getattr(error, "problem", "")), line, mark.column, start)
    return Problem(path, mark.line + 1, "", f"is not valid YAML: {hint}", mark.column + 1)


def _unreadable(path: Path, text: str, error: yaml.YAMLError) -> Problem:
    position = getattr(error, "position", 0)
    line = text.encode().count(b"\n", 0, position) + 1
    return Problem(path, line, "", "is not valid YAML: it holds a control character; delete it")


def _hint(problem: str, line: str, column: int, start: int | None) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "the line is indented with a tab; use blanks"
    if "mapping values are not allowed" in problem:
        return _stray_colon(line, column)
    if _NEEDS_QUOTES.search(line):
        return "a value that starts with * & ! % @ ` | or > must be put in quotes"
    for words, hint in _HINTS.items():
        if words in problem:
            return hint.format(start=start)
    return f"{problem}. Check this line and the one above for indentation, colons and quotes"


def _stray_colon(line: str, column: int) -> str:
    if ":" in line[:column]:
        return "a second ': ' on one line; put the value in quotes"
    return "the line above lacks its colon and blank, or this line is indented too far"
