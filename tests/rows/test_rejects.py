from __future__ import annotations

import pytest

from campaign_cdp.rows.rejects import mask


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("Ann-3@x.io", "Xxx-9@x.xx"),
        ("Zoë Müller, Øre 7½", "Xxx Xxxxxx, Xxx 99"),
        ("+49 (171) 23", "+99 (999) 99"),
        ("प्रिया", "xxxxxx"),
        ("Zoe\u0308", "Xxxx"),
        ("٣٤", "99"),
        ("a\nb\x01", "x·x·"),
        ("x" * 61, "x" * 60 + "…"),
        ("", ""),
    ],
)
def test_a_mask_keeps_the_shape_only(value: str, masked: str) -> None:
    assert mask(value) == masked
