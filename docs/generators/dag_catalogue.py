"""Writes ``docs/reference/dags.md`` from the Dag files: what Airflow shows of a Dag, and its parameters.

The files are read, not run, so this needs neither Airflow nor a feed. With ``--check`` nothing is written, and a
page that is not current is an error.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DAGS: Final = ROOT / "dags"
PAGE: Final = ROOT / "docs" / "reference" / "dags.md"
_HEAD: Final = """\
<!-- Written by docs/generators/dag_catalogue.py from the files in dags/: change those, then run `make docs`. -->

# Dags

What Airflow shows as the documentation of each Dag. Parameters are asked for when a Dag is triggered by hand.
"""
_PAGE_NAME: Final = re.compile(r"`docs/([\w/-]+\.md)`")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def catalogue(folder: Path = DAGS) -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *("\n".join(_chapter(path)) for path in sorted(folder.glob("*.py")))])


def _chapter(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    text = (ast.get_docstring(tree) or "").strip()
    title = _HEADING.match(text)
    yield f"## {title[1] if title else path.stem.replace('_', ' ').capitalize()}\n"
    facts = [f"File `dags/{path.name}`", *(f"Dag `{dag_id}`" for dag_id in _dag_ids(tree))]
    yield " · ".join(facts) + "\n"
    yield _linked(text[title.end() :] if title else text).strip().replace("``", "`") + "\n"
    parameters = [_row(name, call) for name, call in _params(tree)]
    if parameters:
        yield "| parameter | default | means |\n|---|---|---|\n" + "\n".join(parameters) + "\n"


def _linked(text: str) -> str:
    """Names of pages become links, as seen from ``docs/reference``."""
    return _PAGE_NAME.sub(r"[\1](../\1)", text)


def _dag_ids(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "dag_id":
            yield re.sub(r"\{.*?\}", "<feed>", ast.unparse(node.value).lstrip("f").strip("'\""))


def _params(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
            continue
        if any(isinstance(target, ast.Name) and target.id == "PARAMS" for target in node.targets):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Call):
                    yield str(key.value), value


def _row(name: str, call: ast.Call) -> str:
    default = ast.literal_eval(call.args[0])
    means = next((ast.literal_eval(word.value) for word in call.keywords if word.arg == "description"), "")
    return f"| `{name}` | {_word(default)} | {means} |"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "-" if value is None else f"`{value}`"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` only compare it; returns the exit code."""
    text = catalogue()
    is_current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    if "--check" in arguments:
        if not is_current:
            sys.stderr.write("docs/reference/dags.md is not what dags/ says. Run: make docs\n")
        return 0 if is_current else 1
    if not is_current:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
