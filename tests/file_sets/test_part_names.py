from __future__ import annotations

import pytest

from campaign_cdp.file_sets.part_names import split_part_name


@pytest.mark.parametrize(
    ("key", "base", "ending", "number"),
    [
        ("a/gold.csv", "a/gold", ".csv", 1),
        ("a/gold_2.csv", "a/gold", ".csv", 2),
        ("a/gold_10.csv.gz", "a/gold", ".csv.gz", 10),
        ("a/gold_999.csv", "a/gold", ".csv", 999),
        ("gold_3.csv.gz.gpg", "gold", ".csv.gz.gpg", 3),
        ("a/gold_20230818_010718.csv", "a/gold_20230818_010718", ".csv", 1),
        ("a/gold_20230818_010718_2.csv", "a/gold_20230818_010718", ".csv", 2),
        ("a/gold_1.csv", "a/gold_1", ".csv", 1),
        ("a/gold_02.csv", "a/gold_02", ".csv", 1),
        ("a/gold_1000.csv", "a/gold_1000", ".csv", 1),
        ("a/v1.2_3.csv", "a/v1.2", ".csv", 3),
        ("a_2/gold.csv", "a_2/gold", ".csv", 1),
        ("a/gold", "a/gold", "", 1),
    ],
)
def test_only_a_suffix_from_2_to_999_is_a_part_number(key: str, base: str, ending: str, number: int) -> None:
    part = split_part_name(key)
    assert (part.series, part.number) == ((base, ending), number)


def test_names_its_siblings() -> None:
    part = split_part_name("a/gold_3.csv.gz")
    assert part.sibling(1) == "gold.csv.gz"
    assert part.sibling(2) == "gold_2.csv.gz"
