"""The connection type Adobe Experience Platform against a server that answers as Adobe does."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, RetriableSyncError
from campaign_cdp.hooks.platform import connection
from campaign_cdp.hooks.platform.connection import PlatformHook
from tests.hooks.platform.adobe import CLIENT, ORG, SECRET, TOKEN, Adobe

TOKEN_PATH, SANDBOXES_PATH = "/ims/token/v3", "/data/foundation/sandbox-management/"
NewHook = Callable[..., PlatformHook]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Adobe]:
    adobe = Adobe(tmp_path_factory.mktemp("adobe")).start()
    yield adobe
    adobe.stop()


@pytest.fixture
def adobe(server: Adobe, monkeypatch) -> Adobe:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    server.requests.clear()
    server.sandboxes = ["prod", "dev"]
    server.answers.update({TOKEN_PATH: server.give_token, SANDBOXES_PATH: server.list_sandboxes})
    return server


@pytest.fixture
def new_hook(server: Adobe, monkeypatch) -> NewHook:
    def make(**given: Any) -> PlatformHook:
        extra = {"org_id": ORG, "platform_host": server.host, "sandbox": "prod"} | given.pop("extra", {})
        fields = {"login": CLIENT, "password": SECRET, "host": server.host} | given
        text = json.dumps({"conn_type": "adobe_experience_platform", **fields, "extra": extra})
        monkeypatch.setenv("AIRFLOW_CONN_AEP", text)
        return PlatformHook("aep")

    return make


def test_good_connection_says_what_it_reaches(adobe, new_hook):
    ok, text = new_hook().test_connection()

    assert ok
    assert text == f"{adobe.host} gave a token for {ORG}. Sandbox prod: production, active, VA7."


def test_port_may_be_a_field_of_its_own(adobe, new_hook):
    name, port = adobe.host.split(":")

    assert new_hook(host=name, port=int(port)).token() == TOKEN


def test_token_request_has_the_secret_in_its_body_only(adobe, new_hook):
    assert new_hook(extra={"scopes": "openid, AdobeID  session"}).token() == TOKEN

    (request,) = adobe.requests
    assert request.form == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT],
        "client_secret": [SECRET],
        "scope": ["openid,AdobeID,session"],
    }
    assert request.query == {}
    assert SECRET not in str(request.headers)


def test_platform_is_asked_with_token_organisation_and_sandbox(adobe, new_hook):
    new_hook().test_connection()

    headers = adobe.requests[-1].headers
    names = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")
    assert [headers[name] for name in names] == [f"Bearer {TOKEN}", CLIENT, ORG, "prod"]
    assert SECRET not in str(headers)


def test_unknown_sandbox_is_named_with_those_there_are(adobe, new_hook):
    ok, text = new_hook(extra={"sandbox": "prodd"}).test_connection()

    assert not ok
    assert "'prodd'" in text
    assert "dev, prod" in text


def test_sandbox_that_is_not_active_fails(adobe, new_hook):
    adobe.answers[SANDBOXES_PATH] = lambda _: (200, {"sandboxes": [{"name": "prod", "state": "creating"}]})

    assert new_hook().test_connection() == (False, f"{adobe.host} gave a token for {ORG}. Sandbox prod: creating.")


def test_sandbox_on_a_later_page_is_found(adobe, new_hook):
    adobe.sandboxes = [f"dev{n}" for n in range(60)] + ["prod"]

    assert new_hook().test_connection()[0]
    assert [request.query["offset"] for request in adobe.requests[1:]] == [["0"], ["50"]]


@pytest.mark.parametrize("sandboxes", [{"prod": {}}, "prod", 7, ["prod"], [None]])
def test_sandboxes_that_are_no_list_of_objects_are_an_error(adobe, new_hook, sandboxes):
    adobe.answers[SANDBOXES_PATH] = lambda _: (200, {"sandboxes": sandboxes})

    ok, text = new_hook().test_connection()

    assert not ok
    assert text.startswith("ACR-100 ")
    assert "something else than a list of sandboxes" in text


def test_wrong_secret_is_refused_and_never_repeated(adobe, new_hook):
    ok, text = new_hook(password="wrong-secret-7").test_connection()

    assert not ok
    assert text.startswith("ACR-120 ")
    assert "invalid_client bad ***" in text
    assert "wrong-secret-7" not in text


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(400, {"error": "invalid_scope"}, AccessDeniedError, id="invalid_scope"),
        pytest.param(401, b"", AccessDeniedError, id="401"),
        pytest.param(403, {"title": "Forbidden"}, AccessDeniedError, id="403"),
        pytest.param(429, {"message": "slow down"}, RetriableSyncError, id="429"),
        pytest.param(500, b"<html>", RetriableSyncError, id="500"),
        pytest.param(503, b"", RetriableSyncError, id="503"),
        pytest.param(404, b"", FeedConfigError, id="another_server"),
        pytest.param(302, b"", FeedConfigError, id="redirect"),
        pytest.param(200, b"<html>please log in</html>", FeedConfigError, id="page_of_a_proxy"),
        pytest.param(200, ["token"], FeedConfigError, id="list"),
        pytest.param(200, {"token": 1}, FeedConfigError, id="no_token"),
    ],
)
def test_answer_without_a_token_is_an_error_of_its_class(adobe, new_hook, status, body, error):
    adobe.answers[TOKEN_PATH] = lambda _: (status, body)

    with pytest.raises(error) as raised:
        new_hook().token()

    assert type(raised.value) is error
    assert SECRET not in str(raised.value)
    assert len(adobe.requests) == 1, "neither retried nor redirected"


def test_refusal_by_the_platform_is_told_from_one_by_ims(adobe, new_hook):
    ok, text = new_hook(extra={"org_id": "OTHER@AdobeOrg"}).test_connection()

    assert not ok
    assert "403 Forbidden (Forbidden no right on this organisation)" in text
    assert TOKEN not in text


def test_untrusted_certificate_stops_before_anything_is_sent(server, new_hook, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server.requests.clear()

    with pytest.raises(FeedConfigError, match="is not trusted"):
        new_hook().token()
    assert server.requests == []


def test_unreachable_host_is_worth_a_retry(adobe, new_hook):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(RetriableSyncError, match="does not answer"):
            new_hook(host=f"127.0.0.1:{unused.getsockname()[1]}").token()


def test_silent_host_is_given_up(adobe, new_hook, monkeypatch):
    monkeypatch.setattr(connection, "_TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(RetriableSyncError, match="does not answer"):
            new_hook(host=f"127.0.0.1:{silent.getsockname()[1]}").token()


def test_every_request_has_a_time_limit():
    assert (connection._TIMEOUT.connect, connection._TIMEOUT.read) == (10, 20)


def test_missing_fields_are_named_at_once(adobe, new_hook):
    ok, text = new_hook(password="", extra={"org_id": ""}).test_connection()

    assert not ok
    assert "no client secret and no organisation id" in text
    assert adobe.requests == []


def test_token_of_adobe_goes_to_adobe_only(adobe, new_hook):
    with pytest.raises(FeedConfigError, match=r"below adobe\.io only"):
        new_hook(host="ims-na1.adobelogin.com", extra={"platform_host": "adobe.io.example.com"}).token()
    assert adobe.requests == []


@pytest.mark.parametrize("host", ["http://ims.example.com", "ims.example.com/path", "user@ims.example.com", "a b"])
def test_host_is_a_name_and_nothing_else(adobe, new_hook, host):
    with pytest.raises(FeedConfigError, match="is not the name of a host"):
        new_hook(host=host).token()


def test_secret_is_not_in_what_a_debugger_or_log_shows(adobe, new_hook):
    assert SECRET not in repr(new_hook()._access())
