"""What every landing zone must do; a storage's test class inherits it and says how to connect."""

from __future__ import annotations

import threading
import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, FileReplacedError, RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.base import LandingZone
from tests.hooks.landing_zone.proxy import CuttingProxy, free_port

ODD_NAMES = ("Luxury Audience/plus+and&percent%20.csv", "Käufer/ñ – 名前.csv", "a'b(c)!~$.csv")


class Killed(BaseException):
    """The process ends here."""


def small(text: str) -> Iterator[bytes]:
    yield text.encode()


def blocks(count: int, size: int = 1024 * 1024) -> Iterator[bytes]:
    for n in range(count):
        yield bytes([n % 251]) * size


def text_of(zone: LandingZone, key: str) -> str | None:
    obj = zone.stat(key)
    return zone.read_small(obj).decode() if obj else None


class LandingZoneContract(ABC):
    """Inherit, and define :meth:`connect`."""

    @pytest.fixture
    @abstractmethod
    def connect(self) -> Callable[..., LandingZone]:
        """A function that opens the test's own, empty landing zone.

        It takes ``port`` (of a proxy in front of the server), ``secret`` (a wrong one) and ``bucket`` (that is missing).
        """

    @pytest.fixture
    @abstractmethod
    def server_port(self) -> int: ...

    @pytest.fixture
    def zone(self, connect: Callable[..., LandingZone]) -> LandingZone:
        return connect()

    @pytest.fixture
    def paged(self, connect: Callable[..., LandingZone]) -> LandingZone:
        """The same, with pages small enough that a hundred objects need several."""
        return connect()

    # -- Listing and stat -----------------------------------------------------------------------------------------

    def test_lists_everything_below_the_prefix_in_key_order_page_by_page(
        self, zone: LandingZone, paged: LandingZone
    ) -> None:
        keys = [f"in/{n % 7}/g_{n}.csv" for n in range(120)]
        for key in (*keys, "inside.csv", "other/g.csv"):
            zone.stage(key, small("x"))
        pages = list(paged.iter_pages("in/"))
        assert len(pages) >= 3
        assert [obj.key for page in pages for obj in page] == sorted(keys)

    def test_an_empty_prefix_lists_nothing(self, zone: LandingZone) -> None:
        assert [obj for page in zone.iter_pages("nothing/") for obj in page] == []

    def test_listing_and_stat_agree_on_identity_and_time(self, zone: LandingZone) -> None:
        staged = zone.stage("in/g.csv", small("hello"))
        [listed] = [obj for page in zone.iter_pages("in/") for obj in page]
        assert zone.stat("in/g.csv") == listed == staged
        assert (listed.key, listed.size) == ("in/g.csv", 5)
        assert '"' not in listed.etag
        assert listed.modified.tzinfo is UTC
        assert abs(listed.modified - datetime.now(UTC)) < timedelta(minutes=1)

    def test_stat_of_a_missing_key_or_a_mere_prefix_is_none(self, zone: LandingZone) -> None:
        zone.stage("in/g.csv.gz", small("x"))
        assert zone.stat("in/g.csv") is None
        assert zone.stat("in") is None

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_names_may_hold_any_character(self, zone: LandingZone, name: str) -> None:
        staged = zone.stage(f"in/{name}", small("x"))
        assert [obj.key for page in zone.iter_pages("in/") for obj in page] == [f"in/{name}"]
        moved = zone.move(staged, f"done/{name}")
        assert moved
        assert zone.read_small(moved) == b"x"

    # -- Reading --------------------------------------------------------------------------------------------------

    def test_reads_a_large_object_in_pieces(self, zone: LandingZone) -> None:
        obj = zone.stage("in/big.csv", blocks(20))
        with zone.open(obj) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(20))
            assert stream.read(1) == b""

    def test_reads_an_empty_object(self, zone: LandingZone) -> None:
        with zone.open(zone.stage("in/empty.csv", iter(()))) as stream:
            assert stream.read() == b""

    def test_never_opens_another_version(self, zone: LandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        new = zone.stage("in/g.csv", small("new"))
        with pytest.raises(FileReplacedError, match=r"in/g\.csv was replaced or removed"):
            zone.open(old)
        zone.delete(new)
        with pytest.raises(FileReplacedError):
            zone.open(new)

    def test_a_version_replaced_while_it_is_read_is_never_mixed(self, zone: LandingZone) -> None:
        obj = zone.stage("in/big.csv", blocks(12))
        with zone.open(obj) as stream:
            start = stream.read(100)
            zone.stage("in/big.csv", small("new"))
            with suppress(RetriableSyncError, FileReplacedError):
                assert start + stream.read() == b"".join(blocks(12))

    def test_a_cut_transfer_is_an_error_not_an_end_of_file(
        self, zone: LandingZone, connect: Callable[..., LandingZone], server_port: int
    ) -> None:
        obj = zone.stage("in/big.csv", blocks(4))
        with CuttingProxy(server_port, cut_after=2_000_000) as proxy:
            stream = connect(port=proxy.port).open(obj)
            with pytest.raises(RetriableSyncError, match=r"of 4,194,304 bytes"):
                stream.read()

    def test_a_manifest_sized_read_refuses_more(self, zone: LandingZone) -> None:
        with pytest.raises(FileReplacedError):
            zone.read_small(zone.stage("in/m.json", small("12345")), max_bytes=4)

    # -- Staging --------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("mib", [0, 1, 8, 17])
    def test_stages_any_size_whole(self, zone: LandingZone, mib: int) -> None:
        staged = zone.stage("out/g.csv", blocks(mib))
        assert staged.size == mib * 1024 * 1024
        with zone.open(staged) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(mib))

    def test_staging_again_replaces(self, zone: LandingZone) -> None:
        zone.stage("out/g.csv", small("old"))
        zone.stage("out/g.csv", small("new"))
        assert text_of(zone, "out/g.csv") == "new"

    @pytest.mark.parametrize("count", [1, 20])
    def test_nothing_appears_if_the_body_fails(self, zone: LandingZone, count: int) -> None:
        def failing() -> Iterator[bytes]:
            yield from blocks(count)
            raise Killed

        with pytest.raises(Killed):
            zone.stage("out/g.csv", failing())
        assert zone.stat("out/g.csv") is None

    def test_staging_needs_constant_memory(self, zone: LandingZone) -> None:
        zone.stage("out/warm.csv", blocks(9))
        tracemalloc.start()
        try:
            zone.stage("out/g.csv", blocks(64))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 34e6

    # -- Publishing -----------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("mib", [0, 1, 9])
    def test_publishes_under_the_final_name_only(self, zone: LandingZone, mib: int) -> None:
        staged = zone.stage("tmp/g.csv", blocks(mib))
        published = zone.publish(staged, "out/g.csv")
        assert (published.key, published.size) == ("out/g.csv", staged.size)
        assert zone.stat("tmp/g.csv") is None
        with zone.open(published) as stream:
            assert all(stream.read(len(block)) == block for block in blocks(mib))

    def test_publishing_again_is_a_no_op(self, zone: LandingZone) -> None:
        staged = zone.stage("tmp/g.csv", small("x"))
        first = zone.publish(staged, "out/g.csv")
        assert zone.publish(staged, "out/g.csv") == first

    def test_publishing_never_overwrites_other_content(self, zone: LandingZone) -> None:
        zone.stage("out/g.csv", small("a"))
        staged = zone.stage("tmp/g.csv", small("b"))
        with pytest.raises(FileReplacedError, match="is other content"):
            zone.publish(staged, "out/g.csv")
        assert (text_of(zone, "out/g.csv"), text_of(zone, "tmp/g.csv")) == ("a", "b")

    def test_publishes_no_other_version_than_the_staged_one(self, zone: LandingZone) -> None:
        staged = zone.stage("tmp/g.csv", small("a"))
        zone.stage("tmp/g.csv", small("b"))
        with pytest.raises(FileReplacedError):
            zone.publish(staged, "out/g.csv")
        assert zone.stat("out/g.csv") is None

    @pytest.mark.parametrize("step", ["publish", "move"])
    def test_killed_before_the_source_is_deleted_the_next_call_finishes(
        self, connect: Callable[..., LandingZone], step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(obj: StoredObject) -> bool:
            raise Killed

        first = connect()
        staged = first.stage("tmp/g.csv", small("x"))
        monkeypatch.setattr(first, "delete", killed)
        with suppress(Killed):
            getattr(first, step)(staged, "out/g.csv")
        finished = getattr(connect(), step)(staged, "out/g.csv")
        assert finished == connect().stat("out/g.csv")
        assert connect().stat("tmp/g.csv") is None

    def test_of_two_racing_publishers_exactly_one_wins(self, connect: Callable[..., LandingZone]) -> None:
        racers = 6
        zones = [connect() for _ in range(racers)]
        staged = [zone.stage(f"tmp/{n}.csv", small(f"racer {n}")) for n, zone in enumerate(zones)]
        outcomes = _race(racers, lambda n: zones[n].publish(staged[n], "out/g.csv"))
        winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, StoredObject)]
        assert len(winners) == 1
        assert text_of(zones[0], "out/g.csv") == f"racer {winners[0]}"
        losers = [outcome for n, outcome in enumerate(outcomes) if n not in winners]
        assert all(isinstance(outcome, FileReplacedError) for outcome in losers), losers

    def test_of_two_publishers_of_the_same_object_both_succeed(self, connect: Callable[..., LandingZone]) -> None:
        zones = [connect() for _ in range(4)]
        staged = zones[0].stage("tmp/g.csv", small("x"))
        outcomes = _race(4, lambda n: zones[n].publish(staged, "out/g.csv"))
        assert outcomes == [zones[0].stat("out/g.csv")] * 4

    # -- Moving and deleting --------------------------------------------------------------------------------------

    def test_moves_and_moving_again_is_a_no_op(self, zone: LandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        moved = zone.move(obj, "done/g.csv")
        assert zone.stat("in/g.csv") is None
        assert zone.move(obj, "done/g.csv") == moved == zone.stat("done/g.csv")

    def test_leaves_a_newer_version_where_it_is(self, zone: LandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        zone.stage("in/g.csv", small("new"))
        assert zone.move(old, "done/g.csv") is None
        assert zone.delete(old) is False
        assert (text_of(zone, "in/g.csv"), zone.stat("done/g.csv")) == ("new", None)

    def test_a_newer_version_that_arrives_after_the_move_stays(self, zone: LandingZone) -> None:
        old = zone.stage("in/g.csv", small("old"))
        moved = zone.move(old, "done/g.csv")
        zone.stage("in/g.csv", small("new"))
        assert zone.move(old, "done/g.csv") == moved
        assert (text_of(zone, "in/g.csv"), text_of(zone, "done/g.csv")) == ("new", "old")

    def test_moving_what_is_gone_gives_none(self, zone: LandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        zone.delete(obj)
        assert zone.move(obj, "done/g.csv") is None

    def test_moving_never_overwrites_other_content(self, zone: LandingZone) -> None:
        zone.stage("done/g.csv", small("a"))
        with pytest.raises(FileReplacedError):
            zone.move(zone.stage("in/g.csv", small("b")), "done/g.csv")
        assert (text_of(zone, "done/g.csv"), text_of(zone, "in/g.csv")) == ("a", "b")

    def test_deletes_once(self, zone: LandingZone) -> None:
        obj = zone.stage("in/g.csv", small("x"))
        assert [zone.delete(obj), zone.delete(obj)] == [True, False]

    # -- Errors ---------------------------------------------------------------------------------------------------

    def test_a_wrong_password_is_denied(self, zone: LandingZone, connect: Callable[..., LandingZone]) -> None:
        obj, denied = zone.stage("in/g.csv", small("x")), connect(secret="wrong")
        for call in _calls(denied, obj).values():
            with pytest.raises(AccessDeniedError, match="Check login, password"):
                call()

    def test_an_unreachable_server_is_worth_a_retry(
        self, zone: LandingZone, connect: Callable[..., LandingZone]
    ) -> None:
        obj, unreachable = zone.stage("in/g.csv", small("x")), connect(port=free_port())
        for call in _calls(unreachable, obj).values():
            with pytest.raises(RetriableSyncError, match="will be tried again"):
                call()

    def test_a_missing_bucket_is_a_mistake_in_the_feed(
        self, zone: LandingZone, connect: Callable[..., LandingZone]
    ) -> None:
        calls = _calls(connect(bucket="no-such-bucket"), zone.stage("in/g.csv", small("x")))
        for name in ("list", "stat", "stage"):
            with pytest.raises(FeedConfigError, match=r"landing_zone\.bucket"):
                calls[name]()


def _calls(zone: LandingZone, obj: StoredObject) -> dict[str, Callable[[], object]]:
    return {
        "list": lambda: list(zone.iter_pages("in/")),
        "stat": lambda: zone.stat("in/g.csv"),
        "open": lambda: zone.open(obj),
        "stage": lambda: zone.stage("in/h.csv", small("x")),
        "publish": lambda: zone.publish(obj, "out/g.csv"),
        "move": lambda: zone.move(obj, "out/g.csv"),
    }


def _race(racers: int, run: Callable[[int], StoredObject]) -> list[StoredObject | Exception]:
    barrier = threading.Barrier(racers)

    def racer(n: int) -> StoredObject | Exception:
        barrier.wait()
        try:
            return run(n)
        except Exception as err:
            return err

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(racer, range(racers)))
