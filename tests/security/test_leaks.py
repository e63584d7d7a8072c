from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.security.leaks import find_leaks, find_leaks_in

SECRET = "pä/ss+wo=rd 1"
KEY = "-----BEGIN KEY-----\n" + "Qm9keU9mQUtleQ" * 4 + "\nshort\n-----END KEY-----\n"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_a_secret_is_found_in_every_base64_that_holds_it(before: str) -> None:
    text = base64.b64encode(f"{before}{SECRET}@host".encode())
    assert {leak.form for leak in find_leaks_in({"header": text}, {"password": SECRET}, {})} == {"base64"}


@pytest.mark.parametrize(
    ("form", "text"),
    [("plain", f"x{SECRET}y"), ("percent", f"postgres://u:{quote(SECRET, safe='')}@h/d"), ("json", json.dumps(SECRET))],
)
def test_a_secret_is_found_in_the_forms_programs_write(form: str, text: str) -> None:
    assert [leak.form for leak in find_leaks_in({"log": text}, {"password": SECRET}, {})] == [form]


def test_a_line_of_a_key_gives_it_away_but_not_its_frame() -> None:
    assert find_leaks_in({"log": "-----BEGIN KEY-----\nshort"}, {"key": KEY}, {}) == []
    assert find_leaks_in({"log": f"key={KEY.splitlines()[1]}"}, {"key": KEY}, {})


def test_files_are_searched_also_when_they_are_gzipped_or_deep_down(tmp_path: Path) -> None:
    deep = tmp_path / "dag" / "run" / "attempt=1.log"
    deep.parent.mkdir(parents=True)
    deep.write_text("nothing")
    (tmp_path / "old.log.gz").write_bytes(gzip.compress(b"mail to ann@marker.example"))
    people = {"email": "ann@marker.example"}
    [leak] = find_leaks([tmp_path], {}, people)
    assert (leak.what, leak.where) == ("email", str(tmp_path / "old.log.gz"))
    assert "marker" not in leak.around
    assert find_leaks([tmp_path], {}, people, but=["*.gz"]) == []


def test_a_search_that_proves_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_leaks([tmp_path], {"password": SECRET}, {})
    with pytest.raises(ValueError, match="pin"):
        find_leaks_in({}, {"pin": "1234"}, {})
