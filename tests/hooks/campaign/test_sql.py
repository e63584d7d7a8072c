from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from campaign_cdp.hooks.campaign.sql import statement
from tests.conftest import REPO

SQL = REPO / "include" / "sql"
FILES = sorted(
    str(path.relative_to(SQL).with_suffix("")) for path in SQL.rglob("*.sql") if path.parent.name != "sandbox"
)
PLACEHOLDER = re.compile(r"\{(\w*)\}")
#: What the statements' placeholders are called; a new one is looked at by a person before it stands here.
IDENTIFIERS = {"work", "plan", "leavers", "part", "sequence", "keys", "log", "table"}
FRAGMENTS = {
    *("key", "w_key", "same_key", "key_match", "changed", "assignments", "columns", "values", "definitions", "new"),
    *("joins", "log_id", "wanted", "known", "row", "rows", "format", "messages", "where", "which"),
}
LITERALS = {
    *(
        "run_id",
        "group_id",
        "folder_id",
        "part_stride",
        "first_row",
        "has_list",
        "sequence_name",
        "name",
        "label",
        "column",
    ),
    *(
        "how_many",
        "at_most",
        "feed",
        "feeds",
        "since",
        "names",
        "scopes",
        "privileges",
        "window_id",
        "day",
        "after",
        "state",
    ),
    *("numbers", "sizes", "etags", "modified", "settled", "logs", "lowers", "uppers", "before", "replay_of"),
    *("subjects", "id_name", "id_value", "dag_run_id"),
}
_EXECUTE = {"execute", "executemany", "copy", "_execute", "_rows", "_row", "stream"}


@pytest.mark.parametrize("name", FILES)
def test_a_comment_is_no_place_for_a_value(name: str) -> None:
    text = (SQL / f"{name}.sql").read_text()
    body = [line for line in text.splitlines() if not line.startswith("--")]
    names = set(PLACEHOLDER.findall(text))
    filled = statement(name, **{one: sql.Literal("x\nSTRANGE") for one in names}).as_string(None)
    assert "--" not in filled
    assert "/*" not in filled
    assert filled.count("STRANGE") == len(PLACEHOLDER.findall("\n".join(body)))


@pytest.mark.parametrize("name", FILES)
def test_every_placeholder_is_known(name: str) -> None:
    body = "\n".join(line for line in (SQL / f"{name}.sql").read_text().splitlines() if not line.startswith("--"))
    assert set(PLACEHOLDER.findall(body)) <= IDENTIFIERS | FRAGMENTS | LITERALS
    assert "%" not in body.replace("% {part_stride}", "")  # a stray one breaks a statement with bound values


def test_no_name_is_an_identifier_and_a_value() -> None:
    assert IDENTIFIERS.isdisjoint(LITERALS)
    used = {one for name in FILES for one in PLACEHOLDER.findall((SQL / f"{name}.sql").read_text())}
    assert (IDENTIFIERS | FRAGMENTS | LITERALS) - used == set()


@pytest.mark.parametrize("value", ["x\n; DROP TABLE nmsgroup; --", "x\r\n*/ ; --", "'", "\\'"])
def test_a_value_stays_a_value(value: str, campaign_db: psycopg.Connection) -> None:
    assert campaign_db.execute(statement("limits/row_size", table=sql.Literal(value))).fetchall() == []
    assert campaign_db.execute("SELECT count(*) FROM nmsgroup").fetchone()


def modules() -> Iterator[Path]:
    for path in (REPO / "plugins").rglob("*.py"):
        if "sandbox" not in path.parts and "migrations" not in path.parts:
            yield path


def made_of_strings(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what is executed, or taken for SQL, although it was put together as text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _EXECUTE | {"SQL"} and is_built(node.args[0]):
            yield node


def is_built(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return any(is_text(side) for side in (node.left, node.right))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "join", "replace"}
    ):
        return is_text(node.func.value)
    return isinstance(node, ast.IfExp) and (is_built(node.body) or is_built(node.orelse))


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_no_statement_is_put_together_as_text() -> None:
    found = {
        f"{path.relative_to(REPO)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in modules()
        for node in made_of_strings(ast.parse(path.read_text()))
    }
    assert found == set()


@pytest.mark.parametrize(
    "code",
    [
        'conn.execute(f"DROP TABLE {x}")',
        'conn.execute("DROP TABLE %s" % x)',
        'conn.execute("DROP TABLE " + x)',
        'conn.execute("DROP TABLE {}".format(x))',
        'sql.SQL(f"a = {x}")',
        'self._rows("SELECT " + x, 1)',
        'cursor.copy(f"COPY {x}")',
        'SQL(", ".join(names))',
    ],
)
def test_what_is_put_together_as_text_would_be_noticed(code: str) -> None:
    assert list(made_of_strings(ast.parse(code)))
