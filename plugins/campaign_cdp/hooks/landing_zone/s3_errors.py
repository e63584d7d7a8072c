"""What S3 and its client report, mapped once onto this package's errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, RetriableSyncError, SyncError

_NO_CREDENTIALS: Final = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.TokenRetrievalError,
    boto.UnauthorizedSSOTokenError,
)
_DENIED_CODES: Final = frozenset(
    {
        "AccessDenied",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_WRONG_BUCKET_CODES: Final = frozenset(
    {"NoSuchBucket", "InvalidBucketName", "PermanentRedirect", "AuthorizationHeaderMalformed"}
)
_BUSY_CODES: Final = frozenset(
    {
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "OperationAborted",
        "ConditionalRequestConflict",
    }
    # Somebody, or a lifecycle rule, aborted the upload; the next attempt starts a new one.
    | {"NoSuchUpload"}
)


def code_of(err: ClientError) -> str:
    return str(err.response.get("Error", {}).get("Code", ""))


def status_of(err: ClientError) -> int:
    return int(err.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_gone(err: ClientError) -> bool:
    """The object is not there, or no longer in the version that was asked for."""
    return status_of(err) == 412 or code_of(err) in {"NoSuchKey", "404", "PreconditionFailed"}


def whole(answer: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return an answer that has what every whole one has.

    :raises ConnectionError: if not. One that is cut off within its headers looks like a short one to the client.
    """
    missing = [name for name in names if name not in answer]
    if missing:
        raise ConnectionError(f"the answer was cut off, it lacks {', '.join(missing)}")
    return answer


@contextmanager
def mapped_errors(doing: str, connection: str) -> Iterator[None]:
    """Raise this package's error instead of the client's.

    :param doing: what was attempted, e.g. ``list s3://bucket/prefix``.
    :param connection: Airflow connection id, for the next step.
    """
    try:
        yield
    except ClientError as err:
        raise _of_response(err, doing, connection) from err
    except _NO_CREDENTIALS as err:
        raise AccessDeniedError(
            f"Cannot {doing}: connection {connection!r} gives no usable credentials ({err}). Nothing was read or "
            "written. Enter the access key id as its login and the secret key as its password, or a role in its extra."
        ) from err
    except (BotoCoreError, HTTPError, OSError) as err:
        raise _of_client(err, doing, connection) from err
    except ValueError as err:
        raise FeedConfigError(
            f"Cannot {doing}: {err}. Check endpoint_url and region_name in the extra of connection {connection!r}."
        ) from err


def _of_response(err: ClientError, doing: str, connection: str) -> SyncError:
    code, status = code_of(err), status_of(err)
    said = f"Cannot {doing}: S3 answered {status} {code} ({err.response.get('Error', {}).get('Message', '')})."
    if code in _WRONG_BUCKET_CODES:
        return FeedConfigError(
            f"{said} Check landing_zone.bucket of the feed and region_name in the extra of connection {connection!r}."
        )
    if code in _DENIED_CODES or status in {401, 403}:
        return AccessDeniedError(
            f"{said} Retrying cannot help. Check login, password and endpoint_url of connection {connection!r}, the "
            "clock of this machine, and that its user may list, get, put and delete in the bucket."
        )
    if code in _BUSY_CODES or status >= 500 or status == 429 or status == 0:
        return RetriableSyncError(f"{said} It will be tried again.")
    return FeedConfigError(f"{said} Retrying cannot help. Check connection {connection!r} and the feed's landing_zone.")


def _of_client(err: Exception, doing: str, connection: str) -> SyncError:
    if "CERTIFICATE_VERIFY_FAILED" in str(err):
        return AccessDeniedError(
            f"Cannot {doing}: the server's certificate is not trusted ({err}). Add its CA to this machine, or name the "
            f"CA file as 'verify' in the extra of connection {connection!r}."
        )
    if isinstance(err, boto.ParamValidationError):
        return FeedConfigError(f"Cannot {doing}: {err}. Check the feed's landing_zone.")
    return RetriableSyncError(
        f"Cannot {doing}: {type(err).__name__}: {err}. It will be tried again; if it persists, check endpoint_url of "
        f"connection {connection!r} and the network."
    )
