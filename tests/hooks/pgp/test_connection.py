from __future__ import annotations

import base64
import json

import pytest

from campaign_cdp.hooks.pgp.connection import pgp_keys

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBGsF\n=BQ66\n-----END PGP PUBLIC KEY BLOCK-----\n"


@pytest.mark.parametrize("entered", [KEY, KEY.replace("\n", "\\n"), base64.b64encode(KEY.encode()).decode()])
def test_a_key_may_be_entered_as_forms_and_adobe_write_it(monkeypatch: pytest.MonkeyPatch, entered: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PGP_TEST", json.dumps({"conn_type": "pgp", "extra": {"public_key": entered}}))

    assert pgp_keys("pgp_test").public_key == KEY


def test_nonsense_stays_as_it_is_for_gpg_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"public_key": "no key", "private_key": "bm9uc2Vuc2U"}
    monkeypatch.setenv("AIRFLOW_CONN_PGP_TEST", json.dumps({"conn_type": "pgp", "extra": extra}))

    keys = pgp_keys("pgp_test")

    assert (keys.public_key, keys.private_key, keys.passphrase) == ("no key", "bm9uc2Vuc2U", None)
