"""Answers for what went wrong: always JSON with a message and the next step, never a traceback.

The code is that of an error of this package; who may not, or asks for what is not there, gets none.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from campaign_cdp.error_pages import error_page
from campaign_cdp.exceptions import (
    AccessDeniedError,
    FeedConfigError,
    LedgerVersionError,
    LimitError,
    RetriableSyncError,
    SyncDataError,
    SyncError,
)

log = logging.getLogger(__name__)

#: The first class that fits decides.
_STATUS: Final = (
    (AccessDeniedError, status.HTTP_503_SERVICE_UNAVAILABLE),
    (LedgerVersionError, status.HTTP_503_SERVICE_UNAVAILABLE),
    (RetriableSyncError, status.HTTP_503_SERVICE_UNAVAILABLE),
    (FeedConfigError, status.HTTP_409_CONFLICT),
    (SyncDataError, status.HTTP_409_CONFLICT),
    (LimitError, status.HTTP_409_CONFLICT),
)
_STEPS: Final = {
    status.HTTP_400_BAD_REQUEST: "Correct what you entered.",
    status.HTTP_401_UNAUTHORIZED: "Log in to Airflow again.",
    status.HTTP_403_FORBIDDEN: "Ask whoever administers Airflow for the right.",
    status.HTTP_404_NOT_FOUND: "Go back to the overview.",
    status.HTTP_409_CONFLICT: "Load the page again and look at the state it is in now.",
    status.HTTP_422_UNPROCESSABLE_CONTENT: "Correct what you entered.",
}


def add_handlers(app: FastAPI) -> None:
    """Let the app answer all errors the same way."""
    app.add_exception_handler(SyncError, _sync_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _answer(number: int, code: str | None, message: str, next_step: str | None, headers: Any = None) -> JSONResponse:
    return JSONResponse({"code": code, "message": message, "next_step": next_step or ""}, number, headers=headers)


def _sync_error(request: Request, err: Exception) -> JSONResponse:
    if not isinstance(err, SyncError):
        return _unexpected(request, err)
    number = next((number for cls, number in _STATUS if isinstance(err, cls)), status.HTTP_500_INTERNAL_SERVER_ERROR)
    log.warning("%s %r: %s", request.method, request.url.path, err)
    page = error_page(err.code)
    return _answer(number, err.code, err.message, page.next_step if page else None)


def _http_error(request: Request, err: Exception) -> JSONResponse:
    if not isinstance(err, HTTPException):
        return _unexpected(request, err)
    return _answer(err.status_code, None, str(err.detail), _STEPS.get(err.status_code), err.headers)


def _invalid(request: Request, err: Exception) -> JSONResponse:
    """Name what is wrong without repeating it: a page that shows the answer must not show what others made it ask."""
    if not isinstance(err, RequestValidationError):
        return _unexpected(request, err)
    problems = "; ".join(f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}" for one in err.errors())
    number = status.HTTP_422_UNPROCESSABLE_CONTENT
    return _answer(number, None, problems, _STEPS[number])


def _unexpected(request: Request, err: Exception) -> JSONResponse:
    log.error("%s %r failed", request.method, request.url.path, exc_info=err)
    message = "The page made a mistake; the log of Airflow's API server has the details."
    return _answer(500, SyncError.code, message, "Load the page again, and report it if it stays.")
