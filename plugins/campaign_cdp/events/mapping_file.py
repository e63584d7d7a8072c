"""The schema of ``include/mappings/*.yaml``: frozen pydantic models, unknown keys forbidden."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator

from campaign_cdp.events.headers import HEADER
from campaign_cdp.events.log_schema import IDENTIFIER
from campaign_cdp.events.mapping_rules import broken_rules
from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.explain import did_you_mean, explain
from campaign_cdp.feeds.model import Strict
from campaign_cdp.feeds.problems import FeedFileError
from campaign_cdp.feeds.rules import BrokenRulesError
from campaign_cdp.feeds.yaml_source import read_source
from campaign_cdp.settings import mappings_dir


class Kind(StrEnum):
    """How a value is written: ids are strings, times are UTC with milliseconds, counters are numbers."""

    STRING = "string"
    TIMESTAMP = "timestamp"
    INTEGER = "integer"
    BOOLEAN = "boolean"


class MappingFileError(FeedFileError):
    """Everything that is wrong with one mapping file."""

    effect = "Feeds that use this mapping have no Dag until the file is corrected; others run on."


Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER.pattern)]
Header = Annotated[str, StringConstraints(pattern=HEADER.pattern)]
State = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,29}$")]
Condition = dict[str, Annotated[tuple[int, ...], Field(min_length=1)]]


class LinkEntry(Strict):
    """A link of a custom target mapping, where it differs from the standard log."""

    table: Identifier | None = Field(default=None, description="Table that the link leads to.")
    column: Identifier | None = Field(default=None, description="Column of the log that holds the key.")
    key: Identifier | None = Field(default=None, description="Column of the linked table that it refers to.")
    columns: dict[str, Identifier] = Field(default={}, description="Attribute of the linked schema: its column.")


class RuleEntry(Strict):
    """Rows that are one kind of event."""

    code: int = Field(ge=1, le=99, description="Number of the state in the memory of exported keys; never change it.")
    event_type: str | None = Field(default=None, min_length=1, description="XDM eventType; none where XDM has none.")
    counter: str | None = Field(default=None, description="Counter of directMarketing that is 1.")
    when: Condition = Field(default={}, description="Attribute: values. All must hold; without it every row.")


class ColumnEntry(Strict):
    """One column of the file."""

    source: str = Field(alias="from", description="Campaign attribute.")
    path: str = Field(description="Place in XDM.")
    kind: Kind = Field(default=Kind.STRING, description="How the value is written.")
    words: dict[int, str | None] = Field(
        default={}, description="Text for a number, null for no value; other numbers are written as they are."
    )


class MappingFile(Strict):
    """One Campaign log and the events it becomes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    log: Literal["delivery", "exclusion", "tracking", "subscription"] = Field(description="Kind of log.")
    schema_name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*:[A-Za-z][A-Za-z0-9]*$")] = Field(
        alias="schema", description="Campaign schema; for a custom target mapping not the standard one."
    )
    table: Identifier | None = Field(default=None, description="Table of a custom schema.")
    physical: dict[str, Identifier] = Field(default={}, description="Attribute: column, where a custom schema differs.")
    links: dict[str, LinkEntry] = Field(default={}, description="Links, where a custom schema differs.")
    id: str = Field(default="id", description="Attribute that identifies a row.")
    time: str = Field(description="Attribute of the event's time.")
    changed: str | None = Field(default=None, description="Attribute that windows are on; default the event's time.")
    mutable: bool = Field(default=False, description="Rows change their state later.")
    not_zero: tuple[str, ...] = Field(default=("id", "recipient-id"), description="Attributes that must not be 0.")
    only: Condition = Field(default={}, description="Attribute: values that a row needs to be exported at all.")
    events: dict[State, RuleEntry] = Field(min_length=1, description="Tried in this order; the first that holds wins.")
    columns: dict[Header, ColumnEntry] = Field(min_length=1, description="Header: what goes there.")

    @model_validator(mode="after")
    def _rules_hold(self) -> MappingFile:
        broken = tuple(broken_rules(self))
        if broken:
            raise BrokenRulesError(broken)
        return self


def mapping_path(name: str) -> Path:
    """Return the file of a mapping.

    :raises FeedConfigError: if there is none of that name.
    """
    folder = mappings_dir()
    known = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if name not in known:
        raise FeedConfigError(f"There is no mapping {name!r} in {folder}{did_you_mean(name, known)}")
    return known[name]


def read_mapping_file(path: Path) -> MappingFile:
    """Read and check one mapping.

    :raises MappingFileError: with everything that is wrong with it.
    """
    try:
        source = read_source(path)
    except FeedFileError as err:
        raise MappingFileError(path, list(err.problems)) from err
    problems = [*source.repeated_keys()]
    try:
        entry = MappingFile.model_validate(source.data)
    except ValidationError as err:
        raise MappingFileError(path, problems + explain(source, err, MappingFile)) from err
    if problems:
        raise MappingFileError(path, problems)
    return entry
