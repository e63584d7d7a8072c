"""Reads feed files. Cheap enough to run whenever Airflow parses a Dag file; nothing is cached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.directions import MODELS, Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.event_rules import broken_mapping_rules
from campaign_cdp.feeds.explain import broken_rule, did_you_mean, explain
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.feeds.neighbours import Neighbours
from campaign_cdp.feeds.problems import FeedFileError, Problem
from campaign_cdp.feeds.yaml_source import FeedSource, read_source
from campaign_cdp.settings import feeds_dir


def load_feed(path: Path) -> Feed:
    """Read one feed file.

    :raises FeedFileError: with everything that is wrong with it.
    """
    return _load(path)[0]


def load_feeds(folder: Path | None = None, *, only_for: str | None = None) -> tuple[list[Feed], list[FeedConfigError]]:
    """Read all feeds of a folder; a broken file costs only its own feed.

    :param folder: defaults to the feeds folder of the moment.
    :param only_for: id of a Dag; if it is that of one feed, only that feed's file is read. A task's process wants no
        other, and what clashes with other feeds has no Dag that could start tasks.
    """
    folder = folder or feeds_dir()
    if not folder.is_dir():
        return [], [_no_folder(folder)]
    feeds, errors = load_paths(_files_for(only_for, feed_files(folder)))
    return feeds, [*errors]


def audience_feeds(folder: Path | None = None, *, only_for: str | None = None) -> list[AudienceFeed]:
    """Read the good feeds that import audiences; parameters as for :func:`load_feeds`."""
    return [feed for feed in load_feeds(folder, only_for=only_for)[0] if isinstance(feed, AudienceFeed)]


def event_feeds(folder: Path | None = None, *, only_for: str | None = None) -> list[EventFeed]:
    """Read the good feeds that export events; parameters as for :func:`load_feeds`."""
    return [feed for feed in load_feeds(folder, only_for=only_for)[0] if isinstance(feed, EventFeed)]


def load_paths(paths: Iterable[Path]) -> tuple[list[Feed], list[FeedFileError]]:
    """Read these files and check them against each other; where two clash, the later one is at fault."""
    feeds: list[Feed] = []
    errors: list[FeedFileError] = []
    neighbours = Neighbours()
    for path in paths:
        try:
            feed, source = _load(path)
            problems = [broken_rule(source, clash) for clash in neighbours.clashes(feed)]
            if problems:
                raise FeedFileError(path, problems)
            neighbours.add(feed)
            feeds.append(feed)
        except FeedFileError as err:
            errors.append(err)
    return feeds, errors


def feed_by_id(feed_id: str, folder: Path | None = None) -> Feed:
    """Read the feed called ``feed_id``.

    :raises FeedConfigError: if there is no such feed, or its file is broken.
    """
    folder = folder or feeds_dir()
    paths = {path.stem: path for path in feed_files(folder)}
    if feed_id not in paths:
        raise FeedConfigError(f"There is no feed {feed_id!r} in {folder}{did_you_mean(feed_id, paths)}")
    return load_feed(paths[feed_id])


def audience_feed(feed_id: str, folder: Path | None = None) -> AudienceFeed:
    """Read the audience feed called ``feed_id``.

    :raises FeedConfigError: if there is no such feed, its file is broken, or it flows the other way.
    """
    feed = feed_by_id(feed_id, folder)
    if isinstance(feed, AudienceFeed):
        return feed
    raise FeedConfigError(f"The feed {feed_id} exports events; this takes a feed with direction: audience_import.")


def event_feed(feed_id: str, folder: Path | None = None) -> EventFeed:
    """Read the event feed called ``feed_id``.

    :raises FeedConfigError: if there is no such feed, its file is broken, or it flows the other way.
    """
    feed = feed_by_id(feed_id, folder)
    if isinstance(feed, EventFeed):
        return feed
    raise FeedConfigError(f"The feed {feed_id} imports an audience; this takes a feed with direction: event_export.")


def feed_files(folder: Path) -> list[Path]:
    """Return the feed files of a folder by name, without hidden ones."""
    return sorted(path for path in folder.glob("*.y*ml") if path.suffix in {".yaml", ".yml"} and path.name[0] != ".")


def config_hash(feed: Feed) -> str:
    """Return a fingerprint of everything the feed says, defaults included."""
    text = json.dumps(feed.model_dump(mode="json", by_alias=True), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _files_for(dag_id: str | None, paths: list[Path]) -> list[Path]:
    """A Dag is named by its feed's direction and id, and a feed's file by its id."""
    direction, _, feed_id = (dag_id or "").partition("__")
    return [path for path in paths if path.stem == feed_id] if direction in MODELS else paths


def _load(path: Path) -> tuple[Feed, FeedSource]:
    source = read_source(path)
    problems = [*source.repeated_keys(), *_name_problems(source)]
    model = _model(source, problems)
    try:
        feed: Feed = model.model_validate(source.data)
    except ValidationError as err:
        raise FeedFileError(path, problems + explain(source, err, model)) from err
    if isinstance(feed, EventFeed):
        problems += [broken_rule(source, rule) for rule in broken_mapping_rules(feed)]
    if problems:
        raise FeedFileError(path, problems)
    return feed, source


def _model(source: FeedSource, problems: list[Problem]) -> type[AudienceFeed] | type[EventFeed]:
    direction = source.data.get("direction", "audience_import")
    if isinstance(direction, str) and direction in MODELS:
        return MODELS[direction]
    text = f"{direction!r} is not allowed; write {' or '.join(map(repr, MODELS))}{did_you_mean(str(direction), MODELS)}"
    raise FeedFileError(source.path, [*problems, source.problem(("direction",), text)])


def _name_problems(source: FeedSource) -> Iterator[Problem]:
    feed_id, stem = source.data.get("id", source.path.stem), source.path.stem
    if feed_id != stem:
        text = f"{feed_id!r} is not the file's name. Rename the file to {feed_id}.yaml, or write id: {stem}"
        yield source.problem(("id",), text)


def _no_folder(folder: Path) -> FeedConfigError:
    return FeedConfigError(
        f"The feeds folder {folder} does not exist, so there are no feeds. Create it or set CDP_FEEDS_DIR."
    )
