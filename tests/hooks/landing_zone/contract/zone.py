from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import ClassVar

import pytest

from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.contract.bodies import small


class ZoneTests(ABC):
    """Fixtures of the contract, and what differs between storages. A reason set here skips tests, and is shown."""

    #: Why there is no server that could be wrong, away or cut off.
    no_server: ClassVar[str] = ""
    #: Why none of its folders can be closed to us alone; else define :meth:`refuse`.
    all_or_nothing: ClassVar[str] = "the storage's rights are the same in all folders"
    #: Why it cannot be filled up; else define :meth:`small_zone`.
    bottomless: ClassVar[str] = "the storage has no limit that a test could reach"
    #: Why the test's server lists neighbouring folders and files in another order than the storage does.
    unordered: ClassVar[str] = ""
    #: What a message about a root that is not there names, as a pattern.
    root_key: ClassVar[str] = r"landing_zone\.bucket"
    #: What a message about refused credentials says, as a pattern.
    credentials_hint: ClassVar[str] = "Check login, password"
    #: Method that removes a source once it is moved.
    removal: ClassVar[str] = "delete"
    #: Bytes of answers after which publishing and moving are cut off, one try each.
    cuts: ClassVar[tuple[int, ...]] = (0, 900, 1_900, 3_300)
    #: Bytes of answers after which a listing of sixty objects is cut off: within its start, and later.
    listing_cuts: ClassVar[tuple[int, ...]] = (120, 5_000)
    #: Objects of the long listing.
    many: ClassVar[int] = 3000

    @pytest.fixture
    @abstractmethod
    def connect(self) -> Callable[..., LandingZone]:
        """A function that opens the test's own, empty landing zone.

        It takes ``port`` (of a proxy in front of the server), ``secret`` (a wrong one) and ``bucket`` (that is missing).
        """

    @pytest.fixture
    def server_port(self, with_server: None) -> int:
        raise NotImplementedError("a storage with a server says where it listens")

    @pytest.fixture
    def zone(self, connect: Callable[..., LandingZone]) -> LandingZone:
        return connect()

    @pytest.fixture
    def paged(self, connect: Callable[..., LandingZone]) -> LandingZone:
        """The same, with pages small enough that a hundred objects need several."""
        return connect()

    @pytest.fixture
    def put_many(self, zone: LandingZone) -> Callable[[Iterable[str]], None]:
        """Write an object of one byte to each key; a storage may know a faster way."""

        def put(keys: Iterable[str]) -> None:
            for key in keys:
                zone.stage(key, small("x"))

        return put

    @pytest.fixture
    def refuse(self) -> Callable[[str], AbstractContextManager[None]]:
        """Close a folder: inside the block nobody may list it, or read and write in it."""
        pytest.skip(self.all_or_nothing)

    @pytest.fixture
    def small_zone(self) -> LandingZone:
        """An empty landing zone that takes about two megabytes."""
        pytest.skip(self.bottomless)

    @pytest.fixture
    def with_server(self) -> None:
        if self.no_server:
            pytest.skip(self.no_server)
