"""What every landing zone must do; a storage's test class inherits it and says how to connect."""

from __future__ import annotations

from tests.hooks.landing_zone.contract.bodies import Killed, blocks, small, text_of
from tests.hooks.landing_zone.contract.cutting import CuttingContract
from tests.hooks.landing_zone.contract.errors import ErrorContract
from tests.hooks.landing_zone.contract.listing import ListingContract
from tests.hooks.landing_zone.contract.moving import MovingContract
from tests.hooks.landing_zone.contract.publishing import PublishingContract
from tests.hooks.landing_zone.contract.racing import RacingContract
from tests.hooks.landing_zone.contract.reading import ReadingContract
from tests.hooks.landing_zone.contract.staging import StagingContract

__all__ = ["Killed", "LandingZoneContract", "blocks", "small", "text_of"]


class LandingZoneContract(
    ListingContract,
    ReadingContract,
    StagingContract,
    PublishingContract,
    RacingContract,
    MovingContract,
    ErrorContract,
    CuttingContract,
):
    """Inherit, define :meth:`connect` and ``server_port``, and say of what the storage cannot show why it cannot.

    See :class:`~tests.hooks.landing_zone.contract.zone.ZoneTests` for what can be set.
    """
