from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from campaign_cdp.sandbox.storages import StorageHost
from tests.corpus.desk import Desk
from tests.corpus.stand import desk_at


@pytest.fixture(scope="module")
def new_desk(postgres_server, tmp_path_factory) -> Iterator[Callable[[str, StorageHost], Desk]]:
    """Make a desk on a database of its own; Airflow's connections lead to the last one made."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:

        def make(kind: str, host: StorageHost) -> Desk:
            folder = tmp_path_factory.mktemp("corpus-pgp")
            return stack.enter_context(desk_at(postgres_server, kind, host, folder, patch.setenv))

        yield make
