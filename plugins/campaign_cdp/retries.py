"""Which errors are worth another try."""

from __future__ import annotations

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from campaign_cdp.exceptions import FeedConfigError, FileSetLateError, LimitError, SyncDataError

#: Bad data, a wrong feed and a reached limit stay what they are; everything else (network, locks) is tried again.
FAIL_FAST = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=[SyncDataError, FeedConfigError, LimitError, FileSetLateError], action=RetryAction.FAIL),
    ]
)
