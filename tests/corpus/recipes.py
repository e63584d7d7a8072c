"""Makes encrypted files of the corpus when they are needed, with keys that nobody keeps."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from campaign_cdp.sandbox.pgp import PgpKeyPair, new_key_pair
from tests.corpus.cases import Case, manifest
from tests.corpus.packing import changed
from tests.pgp import encrypted

CONNECTION: Final = "pgp_corpus"
_MANIFEST: Final = "manifest-d-1.json"
_PLAIN: Final = frozenset({"not_encrypted.csv"})


def why_not(case: Case, zone: str) -> str | None:
    """Why a case cannot be run here."""
    if case.theme == "pgp" and not shutil.which("gpg"):
        return "the program gpg is not installed (apt-get install gpg)"
    if case.name == "names/backslash.csv" and zone != "local":
        return "the sandbox's server takes a backslash for a slash"
    return None


class Recipes:
    """What is uploaded for a case: its files, or what a recipe makes of them.

    :param setenv: sets the environment variable of an Airflow connection.
    """

    def __init__(self, folder: Path, setenv: Callable[[str, str], None]) -> None:
        self._folder, self._setenv = folder, setenv

    def made(self, case: Case) -> Mapping[str, bytes]:
        files = case.files()
        if case.theme != "pgp":
            return files
        name = case.path.name
        self._connect(replace(self.keys, passphrase="wrong") if name.startswith("wrong_passphrase") else self.keys)
        content = case.path.read_bytes()
        made = content if name in _PLAIN else self._cooked(name.split(".")[0], content)
        return {name: made, _MANIFEST: manifest(name, len(made))}

    @cached_property
    def keys(self) -> PgpKeyPair:
        return new_key_pair("pässword ✓", algorithm="curve25519")

    @cached_property
    def other_keys(self) -> PgpKeyPair:
        return new_key_pair(algorithm="curve25519")

    def _connect(self, keys: PgpKeyPair) -> None:
        for name, value in keys.connections(CONNECTION).items():
            self._setenv(name, value)

    def _cooked(self, name: str, plain: bytes) -> bytes:
        armoured = "armour" in name
        sealed = {
            "signed_only": self._signed,
            "compressed_only": self._compressed,
            "with_a_passphrase": self._symmetric,
        }
        if name == "without_integrity":
            return self._without_integrity(plain)
        if name in sealed:
            return sealed[name](plain)
        keys = self.other_keys if name == "for_another_key" else self.keys
        made = encrypted(keys, plain, self._folder, armoured=armoured)
        spoilt: dict[str, Callable[[], bytes]] = {
            "truncated": lambda: made[:-60],
            "armour_truncated": lambda: made[: len(made) // 2],
            "changed": lambda: changed(made, len(made) // 2, by=0x20),
            "changed_at_the_end": lambda: changed(made, -1, by=0x20),
            "damaged_armour": lambda: changed(made, len(made) // 2, by=0x02),
            "something_behind": lambda: made + b"S3,sue@mail.example\n",
            "twice": lambda: encrypted(keys, made, self._folder),
        }
        return spoilt.get(name, lambda: made)()

    def _signed(self, plain: bytes) -> bytes:
        return self._gpg(plain, "--sign", key=self.other_keys.private_key)

    def _compressed(self, plain: bytes) -> bytes:
        return self._gpg(plain, "--store")

    def _symmetric(self, plain: bytes) -> bytes:
        return self._gpg(plain, "--symmetric", "--pinentry-mode", "loopback", "--passphrase", "open sesame")

    def _without_integrity(self, plain: bytes) -> bytes:
        arguments = (
            "--rfc2440",
            "--disable-mdc",
            "--cipher-algo",
            "AES256",
            "--trust-model",
            "always",
            "-r",
            "sandbox",
            "--encrypt",
        )
        return self._gpg(plain, *arguments, key=self.keys.public_key)

    def _gpg(self, plain: bytes, *arguments: str, key: str = "") -> bytes:
        home = tempfile.mkdtemp(prefix="cdp-gpg-")
        command = ["gpg", "--homedir", home, "--batch", "--quiet", "--no-tty"]
        try:
            if key:
                subprocess.run([*command, "--import"], input=key.encode(), check=True, capture_output=True)
            return subprocess.run([*command, *arguments], input=plain, check=True, capture_output=True).stdout
        finally:
            for end in (["--kill", "gpg-agent"], ["--remove-socketdir"]):
                subprocess.run(["gpgconf", "--homedir", home, *end], check=False, capture_output=True)
            shutil.rmtree(home, ignore_errors=True)
