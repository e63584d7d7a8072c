"""The same good part under many names; ``outcomes.csv`` says under which, because Git cannot hold most of them."""

from __future__ import annotations

from tests.corpus.lines import part

_NAMES = (
    "blank",
    "blank_at_the_end",
    "tab",
    "newline",
    "quotes",
    "backslash",
    "semicolon",
    "percent_encoded",
    "glob",
    "shell",
    "option_like",
    "sql",
    "leading_dot",
    "two_dots",
    "dots_before",
    "composed",
    "decomposed",
    "composed_in_the_manifest",
    "emoji",
    "right_to_left",
    "255_bytes",
    "upper_case_ending",
    "reserved_on_windows",
    "in_folders",
    "folder_of_three_dots",
    "other_ending",
    "part_number",
    "control_character",
)

FILES: dict[str, bytes] = {f"{name}.csv": part() for name in _NAMES}
