from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.pages import DOCS, ROOT


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = DOCS / "generators" / "dag_catalogue.py"
    spec = importlib.util.spec_from_file_location("dag_catalogue", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_dag_files_say(generator: ModuleType) -> None:
    assert (DOCS / "reference" / "dags.md").read_text() == generator.catalogue(), "run: make docs"


def test_every_dag_file_has_a_chapter_with_its_ids_and_parameters(generator: ModuleType) -> None:
    text = generator.catalogue()

    assert all(f"`dags/{path.name}`" in text for path in (ROOT / "dags").glob("*.py"))
    assert "Dag `audience_import__<feed>`" in text
    assert "| `preview` | off | Count the changes, write nothing. |" in text


def test_a_changed_dag_makes_the_page_stale(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "dags.md"
    page.write_text(generator.catalogue().replace("preview", "prelook"))
    monkeypatch.setattr(generator, "PAGE", page)

    assert generator.main(["--check"]) == 1
    assert "Run: make docs" in capsys.readouterr().err
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0


def test_names_of_pages_in_a_docstring_become_links(generator: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a_dag.py").write_text('"""\n### A Dag\n\nSee `docs/runbooks/a.md`.\n"""\n')

    assert "## A Dag\n\nFile `dags/a_dag.py`\n\nSee [runbooks/a.md](../runbooks/a.md)." in generator.catalogue(tmp_path)
