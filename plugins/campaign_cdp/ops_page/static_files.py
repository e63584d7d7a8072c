"""Serves the page's code: it imports itself in some seventy files, which no browser should ask for twice."""

from __future__ import annotations

import os

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from campaign_cdp.ops_page.static_version import version

_FOR_GOOD = "public, max-age=31536000, immutable"


class VersionedFiles(StaticFiles):
    """Files below the folder of any version; only those of the present one may be kept.

    While API servers are being upgraded one after the other, a browser may ask an old one for the new code.
    """

    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        return path.partition(os.sep)[2] if path.startswith("v-") else path

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        is_present = f"/static/{version()}/" in scope["path"]
        answer.headers["Cache-Control"] = _FOR_GOOD if is_present else "no-cache"
        return answer
