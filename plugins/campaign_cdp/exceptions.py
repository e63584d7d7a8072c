"""Errors grouped by what the reader should do next, not by where they arose.

They derive from ``Exception``, not ``AirflowException``: a deferred sensor with ``soft_fail=True``
turns every ``AirflowException`` into a skip, and a broken file must never look like "nothing today".

Each class carries a stable code that names its page, ``docs/errors/<code>.md``. A message says what
happened, the numbers with their limit, the effect, and the next step.
"""

from __future__ import annotations


def harmless(text: str) -> str:
    """Write control characters as escapes: names of files are whatever somebody chose, and terminals obey them."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t\xa0" else ascii(c)[1:-1] for c in text)


class SyncError(Exception):
    """Base of all errors of this package.

    :param message: control characters in it are escaped, except line ends.
    """

    code = "ACR-000"

    def __init__(self, message: str) -> None:
        self.message = harmless(message)
        super().__init__(f"{self.code} {self.message}")


# -- Fix the YAML ------------------------------------------------------------------------------------------------


class FeedConfigError(SyncError):
    """The feed file, or what it names (folder, list, connection), is wrong. Retrying cannot help."""

    code = "ACR-100"


class LedgerVersionError(FeedConfigError):
    """The ledger's tables are missing or of another version. Run ``cdp ledger upgrade``."""

    code = "ACR-110"


class AccessDeniedError(FeedConfigError):
    """The other side refused the credentials or rights of a connection."""

    code = "ACR-120"


class PgpMissingError(FeedConfigError):
    """The program ``gpg`` is not installed where the task runs."""

    code = "ACR-130"


class AlertChannelError(FeedConfigError):
    """A channel of alerts cannot be used: its provider is not installed, or its connection is not safe."""

    code = "ACR-140"


# -- Airflow retries -----------------------------------------------------------------------------------------------


class RetriableSyncError(SyncError):
    """The other side is busy or unreachable. Airflow retries the task."""

    code = "ACR-200"


class FileSetLateError(SyncError):
    """No complete file set arrived before the feed's deadline. Late is not broken: nothing was lost."""

    code = "ACR-250"


class RunOverdueError(SyncError):
    """A Dag run has not ended by its deadline. It is only told, never raised: the run goes on."""

    code = "ACR-251"


class AlertNotSentError(RetriableSyncError):
    """A channel of alerts took no message. Only logged; the next occurrence is sent again."""

    code = "ACR-260"


# -- A person has to look ------------------------------------------------------------------------------------------


class SyncDataError(SyncError):
    """The data breaks its feed's contract."""

    code = "ACR-300"


class ManifestError(SyncDataError):
    """The manifest cannot be read, or lists files that never came."""

    code = "ACR-301"


class FileFormatError(SyncDataError):
    """A part cannot be read as its feed says; the whole file set is quarantined."""

    code = "ACR-302"


class EmptyFileError(FileFormatError):
    """A part has no bytes, not even a header."""

    code = "ACR-303"


class HeaderError(FileFormatError):
    """The header lacks a declared column, repeats one, or is ambiguous."""

    code = "ACR-304"


class EncodingError(FileFormatError):
    """The part is not in the encoding that the feed declares, or holds NUL bytes."""

    code = "ACR-305"


class CompressionError(FileFormatError):
    """The compressed data is cut off or damaged."""

    code = "ACR-306"


class DecompressionLimitError(FileFormatError):
    """The part grows beyond what an honest export can: a zip bomb, or a limit set too low."""

    code = "ACR-307"


class FileReplacedError(SyncDataError):
    """A file of the set was replaced or removed after it was found; its new version is a new file set."""

    code = "ACR-308"


class PgpError(FileFormatError):
    """The part is encrypted for another key, was tampered with, or is encrypted where its feed names no key."""

    code = "ACR-309"


class RejectLimitError(SyncDataError):
    """Too many lines were rejected; nothing was applied."""

    code = "ACR-310"


class StaleFileSetError(SyncDataError):
    """A newer file set of the feed was applied before this one."""

    code = "ACR-320"


class FileSetBlockedError(SyncDataError):
    """An older file set of an incremental feed is quarantined or incomplete; later ones must wait for it."""

    code = "ACR-321"


class RunAbandonedError(SyncDataError):
    """Another Dag run took over this run's file set, or its work tables are gone."""

    code = "ACR-322"


class VolumeGuardError(SyncDataError):
    """The list would shrink more than the feed allows; nothing was applied."""

    code = "ACR-330"


class TransformError(SyncDataError):
    """The feed's own transform raised, or gave back something that is not its input's shape."""

    code = "ACR-340"


class WindowGapError(SyncDataError):
    """Campaign purged log rows before they were exported; nothing was exported."""

    code = "ACR-350"


class WindowUnfinishedError(SyncDataError):
    """An earlier Dag run published files of its window and did not finish; later ones must wait for it."""

    code = "ACR-351"


class WindowAbandonedError(SyncDataError):
    """Another Dag run took over this run's window, or its table of keys is gone."""

    code = "ACR-352"


# -- Talk to Adobe, or clean up ------------------------------------------------------------------------------------


class LimitError(SyncError):
    """A limit of the Campaign contract would be passed."""

    code = "ACR-400"


class StorageFullError(LimitError):
    """A landing zone takes no more bytes: its disk, share or quota is full."""

    code = "ACR-410"


def error_for(code: str, message: str) -> SyncError:
    """Rebuild an error that travelled as data, e.g. in a trigger's event."""
    classes: list[type[SyncError]] = [SyncError]
    for cls in classes:
        if cls.code == code:
            return cls(message)
        classes.extend(cls.__subclasses__())
    return SyncError(f"[{code}] {message}")


# -- The sandbox, never production --------------------------------------------------------------------------------


class SandboxError(SyncError):
    """A server of the sandbox does not start or answer. Its log says why."""

    code = "ACR-900"
