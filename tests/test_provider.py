"""What Airflow finds of this package without being told."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest
from airflow._shared.module_loading import find_path_from_directory
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
from airflow.providers_manager import ProvidersManager
from airflow.sdk import BaseHook, BaseNotifier, BaseOperator, BaseOperatorLink, BaseSensorOperator
from airflow.triggers.base import BaseTrigger

import campaign_cdp
from campaign_cdp import __version__
from campaign_cdp.provider import get_provider_info

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"
INFO = get_provider_info()


def test_provider_is_discovered_by_its_entry_point():
    assert ProvidersManager().providers["campaign-cdp"].version == __version__


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_plugin_scanner_executes_no_module_of_the_library():
    scanned = [Path(path) for path in find_path_from_directory(str(PLUGINS), ".airflowignore")]

    assert [path.name for path in scanned if path.suffix == ".py"] == ["plugin.py"]


@pytest.mark.parametrize("schema", ["provider_info.schema.json"])
def test_info_is_what_airflows_own_schema_wants(schema):
    text = (Path(airflow.__file__).parent / schema).read_text()

    jsonschema.Draft7Validator(json.loads(text)).validate(INFO)


def test_reading_the_info_imports_nothing_of_airflow():
    script = (
        "import sys; from campaign_cdp.provider import get_provider_info; get_provider_info(); "
        "print(any(name.split('.')[0] in ('airflow', 'httpx', 'psycopg') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PLUGINS, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("operators", BaseOperator),
        ("sensors", BaseSensorOperator),
        ("triggers", BaseTrigger),
        ("hooks", BaseHook),
    ],
)
def test_every_module_with_a_class_of_a_kind_is_declared_and_no_other(kind, base):
    declared = {name for entry in INFO[kind] for name in entry["python-modules"]}

    found = {cls.__module__ for cls in classes(base) if not inspect.isabstract(cls) and cls.__name__[0] != "_"}
    assert declared == {module for module in found if module.startswith(f"campaign_cdp.{kind}.")}


def test_every_link_and_notifier_is_declared():
    links = {path(cls) for cls in classes(BaseOperatorLink) if not cls.__name__.startswith("_")}

    assert set(INFO["extra-links"]) == links
    assert {path(cls) for cls in classes(BaseNotifier) if not cls.__subclasses__()} <= set(INFO["notifications"])
    assert set(INFO["notifications"]) <= {path(cls) for cls in classes(BaseNotifier)}


def test_connection_types_are_those_of_their_hooks():
    for entry in INFO["connection-types"]:
        module, name = entry["hook-class-name"].rsplit(".", 1)
        hook = getattr(importlib.import_module(module), name)
        assert (hook.conn_type, hook.hook_name) == (entry["connection-type"], entry["hook-name"])
        assert ProvidersManager().hooks[entry["connection-type"]].connection_id_attribute_name == hook.conn_name_attr


@pytest.fixture(scope="module")
def forms() -> dict[str, Any]:
    return {str(form.connection_type): form for form in HookMetaService.hook_meta_data()}


def test_ui_has_a_form_for_a_campaign_database(forms):
    form = forms["adobe_campaign"]

    assert form.hook_name == "Adobe Campaign"
    assert form.standard_fields.url_schema.title == "Database"
    assert list(form.extra_fields) == ["sslmode", "sslrootcert", "connect_timeout", "application_name"]
    assert form.extra_fields["connect_timeout"]["schema"]["type"] == ["integer", "null"]


def test_ui_has_a_form_for_the_platform_whose_secret_is_a_password(forms):
    form = forms["adobe_experience_platform"]

    assert form.standard_fields.login.title == "Client ID"
    assert form.standard_fields.password.title == "Client secret"
    assert form.standard_fields.url_schema.hidden
    assert list(form.extra_fields) == ["org_id", "sandbox", "scopes", "platform_host"]
    assert form.extra_fields["sandbox"]["value"] == "prod"


def path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def classes(base: type) -> set[type]:
    """Return this package's subclasses of a class that it defines outside of the sandbox."""
    for module in pkgutil.walk_packages(campaign_cdp.__path__, "campaign_cdp."):
        if ".sandbox" not in module.name and ".migrations" not in module.name and ".__main__" not in module.name:
            importlib.import_module(module.name)
    found, waiting = set(), [base]
    while waiting:
        for cls in waiting.pop().__subclasses__():
            waiting.append(cls)
            if cls.__module__.startswith("campaign_cdp.") and ".sandbox" not in cls.__module__:
                found.add(cls)
    return found
