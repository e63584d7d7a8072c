"""The wheel, installed where there is no project: everything it needs at run time is in it, and nothing private."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from campaign_cdp import __version__

REPO = Path(__file__).resolve().parents[1]
_SOURCES = (
    *("plugins", "dags", "include", "docs/errors"),
    *("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"),
)
#: What a deployment needs but the library does not import.
_OF_THE_DEPLOYMENT = {
    "apache-airflow-providers-celery",
    "apache-airflow-providers-cncf-kubernetes",
    "apache-airflow-providers-fab",
    "celery",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of earlier builds is in it and nothing is left in the project."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in _SOURCES:
        source, target = REPO / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, ignore=unwanted) if source.is_dir() else shutil.copy(source, target)
    run(
        *(sys.executable, "-c", "import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))", out),
        cwd=copy,
    )
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def python(site: Path, tmp_path: Path):
    """Run Python with the installed wheel before everything else, and without the project."""

    def call(*arguments: str | Path) -> str:
        home = tmp_path / "airflow"
        env = {name: value for name, value in os.environ.items() if not name.startswith(("CDP_", "AIRFLOW__"))}
        env |= {"PYTHONPATH": str(site), "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        return run(sys.executable, *arguments, cwd=tmp_path, env=env)

    return call


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def cdp(*arguments: str) -> tuple[str, ...]:
    return ("-c", "import sys; from campaign_cdp.cli.main import cdp; sys.argv[0] = 'cdp'; cdp()", *arguments)


def test_wheel_has_every_module_and_all_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    modules = {str(path.relative_to(REPO / "plugins")) for path in (REPO / "plugins/campaign_cdp").rglob("*.py")}
    page = {str(path.relative_to(REPO / "plugins")) for path in (REPO / "plugins/campaign_cdp").rglob("static/**/*.*")}
    data = {
        f"campaign_cdp/_project/{path.relative_to(REPO)}"
        for pattern in ("include/sql/**/*.sql", "include/mappings/*.yaml", "docs/errors/*.md", "dags/*.py")
        for path in REPO.glob(pattern)
    }
    assert len(data) > 50
    assert modules | page | data <= names


def test_wheel_has_nothing_of_the_users_and_nothing_private(wheel):
    archive = zipfile.ZipFile(wheel)

    assert not [
        name for name in archive.namelist() if re.search(r"(^|/)(tests|build|feeds/.*\.yaml|limits\.yaml)", name)
    ]
    assert not [name for name in archive.namelist() if Path(name).name.startswith(".")]
    here = re.escape(str(REPO)).encode()
    private = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|" + here)
    assert not [name for name in archive.namelist() if private.search(archive.read(name))]


def test_everything_imports_from_the_wheel_alone(python, site):
    script = (
        "import importlib, json, pkgutil, campaign_cdp\n"
        "names = [m.name for m in pkgutil.walk_packages(campaign_cdp.__path__, 'campaign_cdp.')]\n"
        "names = [n for n in names if '.migrations.' not in n and not n.endswith('__main__')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(json.dumps([campaign_cdp.__file__, len(names)]))"
    )

    file, count = json.loads(python("-c", script).splitlines()[-1])

    assert Path(file).is_relative_to(site)
    assert count > 200


def test_data_comes_from_the_wheel_and_the_users_from_airflows_folder(python, site, tmp_path):
    script = (
        "import json; from campaign_cdp import settings; from campaign_cdp.events.mapping_file import mapping_path\n"
        "from campaign_cdp.error_pages import error_page\n"
        "from campaign_cdp.hooks.campaign.sql import statement; from campaign_cdp.ledger.migrate import head\n"
        "statement('campaign/server')\n"
        "print(json.dumps([str(settings.sql_dir()), str(mapping_path('delivery')), str(settings.feeds_dir()),\n"
        "                  len(error_page('ACR-120').steps), head()]))"
    )

    sql, mapping, feeds, steps, head = json.loads(python("-c", script).splitlines()[-1])

    shipped = site / "campaign_cdp" / "_project" / "include"
    assert (sql, mapping) == (str(shipped / "sql"), str(shipped / "mappings" / "delivery.yaml"))
    assert feeds == str(tmp_path / "airflow" / "include" / "feeds")
    assert steps > 1
    assert head >= "0004"


def test_command_line_makes_a_feed_and_its_schemas_in_the_users_folder(python, tmp_path):
    assert "feeds" in python(*cdp("--help"))

    python(*cdp("feeds", "new", "gold", "--direction", "audience_import"))
    python(*cdp("feeds", "schema"))

    include = tmp_path / "airflow" / "include"
    assert (include / "feeds" / "gold.yaml").is_file()
    schema = (include / "schemas" / "feed.schema.json").read_text()
    assert schema == (REPO / "include/schemas/feed.schema.json").read_text()
    assert "1 feed" in python(*cdp("feeds", "lint"))


def test_dags_of_the_wheel_parse(python, site):
    python(*cdp("feeds", "new", "gold", "--direction", "audience_import"))
    script = (
        "import json; from airflow.dag_processing.dagbag import DagBag; from campaign_cdp.settings import project_dir\n"
        "bag = DagBag(dag_folder=str(project_dir() / 'dags'))\n"
        "print(json.dumps([sorted(bag.dags), list(bag.import_errors)]))"
    )

    dags, errors = json.loads(python("-c", script).splitlines()[-1])

    assert errors == []
    assert "audience_import__gold" in dags


def test_airflow_lists_the_provider_and_loads_the_page(python):
    providers = json.loads(python("-m", "airflow", "providers", "list", "-o", "json"))
    plugins = json.loads(python("-m", "airflow", "plugins", "-o", "json"))

    assert [p["version"] for p in providers if p["package_name"] == "campaign-cdp"] == [__version__]
    assert "campaign_cdp" in [plugin["name"] for plugin in plugins]


def test_wheel_depends_on_what_is_locked_for_the_library():
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    declared = {
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    }
    lines = (REPO / "requirements.in").read_text().splitlines()
    locked = {Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()}

    assert {Requirement(text).name for text in declared} == {need.name for need in locked} - _OF_THE_DEPLOYMENT
