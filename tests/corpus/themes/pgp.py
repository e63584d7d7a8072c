"""What goes into encrypted files. They are made with fresh keys when the tests run: see ``pgp_recipes.py``."""

from __future__ import annotations

from tests.corpus.lines import part
from tests.corpus.packing import gz

_NAMES = (
    "good",
    "armoured",
    "for_another_key",
    "truncated",
    "armour_truncated",
    "changed",
    "changed_at_the_end",
    "without_integrity",
    "signed_only",
    "with_a_passphrase",
    "twice",
    "compressed_only",
    "wrong_passphrase",
    "in_feed_without_key",
    "damaged_armour",
    "something_behind",
)

FILES: dict[str, bytes] = {f"{name}.csv.gpg": part() for name in _NAMES} | {
    "of_gzip.csv.gz.gpg": gz(part()),
    "of_nothing.csv.gpg": b"",
    "of_a_wrong_header.csv.gpg": part(header="a,b"),
    "not_encrypted.csv": part(),
}
