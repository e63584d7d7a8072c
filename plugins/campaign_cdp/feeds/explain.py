"""Turns what pydantic found into :class:`Problem` objects: line, key, allowed values, did-you-mean."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from yaml.nodes import MappingNode, Node, SequenceNode

from campaign_cdp.feeds.problems import Problem
from campaign_cdp.feeds.rules import BrokenRulesError, FeedRuleError, UnknownNameError
from campaign_cdp.feeds.scalars import PATTERN_HINTS
from campaign_cdp.feeds.yaml_source import FeedSource

_LISTED = 14
#: Nobody corrects more at once, and looking for what was meant takes its time.
_EXPLAINED = 200
_TYPES = {
    "string_type": "must be text; put the value in quotes",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "date_from_datetime_parsing": "must be a day such as 2026-01-31",
    "date_from_datetime_inexact": "must be a day such as 2026-01-31, without a time",
    "date_type": "must be a day such as 2026-01-31",
    "tuple_type": "must be a list, like [a, b]",
    "model_type": "must be a block of keys",
    "model_attributes_type": "must be a block of keys",
    "dict_type": "must be a block of keys",
}


def explain(source: FeedSource, error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Return one problem per mistake; union branches that were not meant are left out.

    :param model: of the whole file.
    """
    errors = error.errors()
    found = (_at_its_key(item) for item in errors[:_EXPLAINED])
    meant = (item for item in found if _meant(source, item["loc"], model))
    problems = [problem for item in meant for problem in _problems(source, item, model)]
    if more := errors[_EXPLAINED:]:
        problems.append(
            source.problem(more[0]["loc"], f"and {len(more):,} more problems; is this the right file?", key=())
        )
    return problems


def broken_rule(source: FeedSource, rule: FeedRuleError) -> Problem:
    """Point at the key of a broken rule."""
    known = rule.known if isinstance(rule, UnknownNameError) else ()
    name = rule.name if isinstance(rule, UnknownNameError) else ""
    return source.problem(rule.loc, rule.detail + did_you_mean(name, known), key=rule.loc)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests the nearest of ``known`` or lists them, with a leading full stop."""
    spellings = {_plain(word): word for word in known}
    endings = {_plain(word.rsplit("/", 1)[-1]): word for word in spellings.values()}
    for words in (spellings, endings):
        close = difflib.get_close_matches(_plain(name), words, n=1, cutoff=0.65)
        if close:
            return f". Did you mean {words[close[0]]!r}?"
    if 0 < len(spellings) <= _LISTED:
        return f". Known: {', '.join(spellings.values())}"
    return ". All are listed in docs/reference/feeds.md" if spellings else ""


def _at_its_key(item: Any) -> dict[str, Any]:
    """A union that chooses by a key complains about itself; what is wrong is that key."""
    ctx = item.get("ctx", {})
    if item["type"] not in {"union_tag_invalid", "union_tag_not_found"}:
        return dict(item)
    key = ctx["discriminator"].strip("'")
    kind = "literal_error" if "tag" in ctx else "missing"
    names = re.findall(r"'(\w+)'", ctx.get("expected_tags", ""))
    expected = " or ".join(filter(None, [", ".join(map(repr, names[:-1])), *map(repr, names[-1:])]))
    return {**item, "type": kind, "loc": (*item["loc"], key), "input": ctx.get("tag"), "ctx": {"expected": expected}}


def _problems(source: FeedSource, item: Any, model: type[BaseModel]) -> Iterator[Problem]:
    loc, cause = without_tags(item["loc"], model), item.get("ctx", {}).get("error")
    if isinstance(cause, BrokenRulesError):
        yield from (broken_rule(source, rule) for rule in cause.errors)
    elif isinstance(cause, FeedRuleError):
        yield broken_rule(source, cause)
    elif item["type"] == "missing":
        keys = (*source.place(loc[:-1]).keys, loc[-1])
        yield source.problem(loc[:-1], f"required key is missing{_described(item['loc'], model)}", key=keys)
    else:
        yield source.problem(loc, _text(item, model))


def _text(item: Any, model: type[BaseModel]) -> str:
    kind, value, ctx = item["type"], item["input"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{_right_key(item['loc'], model)}"
    if value is None:
        return "has no value; give it one (in quotes, if the word null is meant) or remove the key"
    if kind in {"literal_error", "enum"}:
        expected = ctx["expected"] + (" or {stable: 2m}" if item["loc"][0] == "complete_when" else "")
        return f"{_shown(value)} is not allowed; write {expected}{_nearest(value, expected)}"
    if kind in _TYPES:
        return f"{_TYPES[kind]}, {_shown(value)} is not"
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} does not fit; write {PATTERN_HINTS.get(ctx['pattern'], ctx['pattern'])}"
    if kind == "value_error":
        return str(ctx["error"])
    return f"{item['msg'].replace('Input should', 'should')}, is {_shown(value)}"


def _meant(source: FeedSource, loc: tuple[str | int, ...], model: type[BaseModel]) -> bool:
    loc = without_tags(loc, model)
    place = source.place(loc)
    branch = next((part for part in loc if part not in place.keys and part != "[key]"), None)
    if not isinstance(branch, str) or branch in _keys_at(place.keys, model):
        return True
    return _fits(branch, source.place(loc[: loc.index(branch)]).node)


def _fits(branch: str, node: Node) -> bool:
    if isinstance(node, MappingNode):
        return branch[0].isupper()
    if isinstance(node, SequenceNode):
        return branch.startswith("tuple")
    return branch == "str" or branch.startswith("literal")


def _right_key(loc: tuple[str | int, ...], model: type[BaseModel]) -> str:
    name = str(loc[-1])
    here = without_tags(loc[:-1], model)[-1:]
    homes = [repr(home) if home else "the top level" for home in _homes(name, model) if (home,) != here]
    if homes:
        return f" here. It belongs under {' or '.join(homes)}"
    return did_you_mean(name, _keys_at(loc[:-1], model))


def _homes(key: str, model: type[BaseModel]) -> Iterator[str]:
    if key in _keys(model):
        yield ""
    for name, field in _keys(model).items():
        blocks = _blocks(field.annotation)
        if typing.get_origin(field.annotation) is not dict and any(key in _keys(block) for block in blocks):
            yield name


def _described(loc: tuple[str | int, ...], model: type[BaseModel]) -> str:
    field = _keys_at(loc[:-1], model).get(str(loc[-1]))
    return f". {field.description.rstrip('.')}" if field and field.description else ""


def _keys_at(loc: Iterable[str | int], model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Keys of the block at a path; a tag in the path chooses one of several blocks."""
    blocks = [model]
    for part in loc:
        if chosen := [block for block in blocks if part in _tags(block)]:
            blocks = chosen
            continue
        field = next((found for block in blocks if (found := _keys(block).get(str(part)))), None)
        blocks = (_blocks(field.annotation) if field else []) or blocks
    return {name: field for block in blocks for name, field in _keys(block).items()}


def without_tags(loc: tuple[str | int, ...], model: type[BaseModel]) -> tuple[str | int, ...]:
    """Return the path as it is in the file, without what pydantic adds where a key chooses between blocks."""
    kept: list[str | int] = []
    blocks = [model]
    for part in loc:
        if len(blocks) > 1 and any(part in _tags(block) for block in blocks):
            continue
        kept.append(part)
        field = next((found for block in blocks if (found := _keys(block).get(str(part)))), None)
        blocks = (_blocks(field.annotation) if field else []) or blocks
    return tuple(kept)


def _tags(block: type[BaseModel]) -> tuple[str, ...]:
    kind = block.model_fields.get("type")
    return typing.get_args(kind.annotation) if kind and typing.get_origin(kind.annotation) is typing.Literal else ()


def _keys(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _blocks(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [block for part in typing.get_args(annotation) for block in _blocks(part)]


def _nearest(value: object, expected: str) -> str:
    found = did_you_mean(str(value), re.findall(r"'([a-z0-9_-]+)'", expected))
    return found if "Did you mean" in found else ""


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
