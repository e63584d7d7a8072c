"""Puts what the package reads of the project's data folders into the wheel. All else is in ``pyproject.toml``."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

#: Feeds and limits are not among them: they are the user's.
DATA = ("dags", "docs/errors", "include/mappings", "include/sql")
IGNORED = shutil.ignore_patterns("__pycache__", ".*")


class BuildWithData(build_py):
    """A checkout, also when installed editable, reads the folders themselves; a wheel has its own copy."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        copy = Path(self.build_lib, "campaign_cdp", "_project")
        shutil.rmtree(copy, ignore_errors=True)
        for folder in DATA:
            shutil.copytree(folder, copy / folder, ignore=IGNORED)


setup(cmdclass={"build_py": BuildWithData})
