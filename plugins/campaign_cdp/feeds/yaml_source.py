"""Reads the YAML of a feed and remembers on which line each key stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from campaign_cdp.feeds.problems import FeedFileError, Problem
from campaign_cdp.feeds.yaml_limits import MAX_BYTES, too_much
from campaign_cdp.feeds.yaml_syntax import syntax_problem

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """Safe loader with the scalars of YAML 1.2.

    YAML 1.1 reads the country ``NO`` as false, ``1:30`` as 90 and ``007`` as 7; here they stay text.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]{0,30})$", "-+0123456789"),  # Python refuses thousands of digits
    ("float", r"^[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path of keys leads.

    :param line: of the deepest key found, counted from 1.
    :param keys: the part of the path that exists in the file.
    :param node: what stands there.
    """

    line: int
    keys: tuple[str | int, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed file that is valid YAML."""

    path: Path
    root: MappingNode
    data: dict[str, Any]

    def place(self, loc: Sequence[str | int]) -> Place:
        """Follow ``loc`` through the file, skipping parts that are not keys (pydantic names union branches)."""
        node: Node = self.root
        line, keys = node.start_mark.line, []
        for part in loc:
            step = _step(node, part)
            if step is not None:
                line, node = step
                keys.append(part)
        return Place(line + 1, tuple(keys), node)

    def problem(self, loc: Sequence[str | int], text: str, *, key: Sequence[str | int] | None = None) -> Problem:
        """Make a problem that points at ``loc``; ``key`` names it where it differs from what the file holds."""
        place = self.place(loc)
        return Problem(self.path, place.line, dotted(place.keys if key is None else key), text)

    def repeated_keys(self) -> Iterator[Problem]:
        """Yield keys that stand twice in a block; YAML itself silently takes the last."""
        yield from _repeated(self.path, self.root, (), frozenset())


def read_source(path: Path) -> FeedSource:
    """Parse a feed file.

    :raises FeedFileError: if it cannot be read, is not UTF-8, or is not one YAML mapping.
    """
    text = _read(path)
    try:
        if problem := too_much(path, yaml.parse(text, Loader=_Loader)):
            raise FeedFileError(path, [problem])
        loader = _Loader(text)
        root = loader.get_single_node()
        data = loader.construct_document(root) if isinstance(root, MappingNode) else {}
    except yaml.YAMLError as err:
        raise FeedFileError(path, [syntax_problem(path, text, err)]) from err
    if not isinstance(root, MappingNode):
        text = (
            "is empty; a feed needs at least id and direction" if root is None else "must consist of 'key: value' lines"
        )
        raise FeedFileError(path, [Problem(path, 1, "", text)])
    return FeedSource(path, root, data)


def dotted(keys: Sequence[str | int]) -> str:
    """Write a path of keys as people do: ``columns.email.aliases[0]``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as err:
        raise FeedFileError(path, [Problem(path, 1, "", f"cannot be read: {err.strerror}")]) from err
    if len(raw) > MAX_BYTES:
        raise FeedFileError(path, [Problem(path, 1, "", f"has more than {MAX_BYTES:,} bytes; this is no such file")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw.count(b"\n", 0, err.start) + 1
        raise FeedFileError(path, [Problem(path, line, "", "is not UTF-8; save the file as UTF-8")]) from err


def _step(node: Node, part: str | int) -> tuple[int, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    if isinstance(node, MappingNode):
        for key, value in reversed(node.value):
            if isinstance(key, ScalarNode) and key.value == str(part):
                return key.start_mark.line, value
    return None


def _repeated(path: Path, node: Node, keys: tuple[str | int, ...], above: frozenset[int]) -> Iterator[Problem]:
    if id(node) in above:
        return  # an alias to the block it stands in
    above |= {id(node)}
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(path, item, (*keys, index), above)
    first: dict[str, int] = {}
    for key, value in node.value if isinstance(node, MappingNode) else ():
        line, name = key.start_mark.line + 1, str(key.value)
        if name in first:
            yield Problem(
                path, line, dotted((*keys, name)), f"stands twice; the first is in line {first[name]}. Keep one"
            )
        first.setdefault(name, line)
        yield from _repeated(path, value, (*keys, name), above)
