"""Says from a row of samples whether something leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from tests.soak.samples import Sample

#: Share of the file sets during which programs import, connect and fill their caches.
_WARM_UP: Final = 0.25
#: Resources that must be where they were at the start once nothing is left to do.
DRAINED: Final = (
    "connections active",
    "connections in transaction",
    "work tables",
    "advisory locks",
    "staged objects",
    "temporary files",
    "zombies",
)
#: Resources that may rise and fall, but not keep rising: growth allowed in all, and as a share of the start.
_STEADY: Final[Mapping[str, tuple[float, float]]] = {
    "memory MB of storage": (400, 0.5),  # the sandbox's S3 server takes what it may before it tidies up
    "memory MB of ": (25, 0.15),
    "handles of ": (10, 0.1),
    "threads of ": (6, 0.1),
    "connections idle": (4, 0.5),
    "connections to the storage": (10, 0.5),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one resource.

    :param start: median of the first tenth of the samples after the warm-up.
    :param end: median of the last tenth; of what has to be drained, the last sample.
    :param per_hour: slope of the straight line through all samples after the warm-up.
    """

    start: float
    end: float
    max: float
    per_hour: float
    leak: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def verdicts(samples: Sequence[Sample]) -> dict[str, Verdict]:
    """Judge every resource. The first sample is of the time before the first file set, the last of that after all."""
    names = dict.fromkeys(name for sample in samples for name in sample)
    found = {name: _verdict(name, samples) for name in names if name not in {"seconds", "applied runs"}}
    return {name: verdict for name, verdict in found.items() if verdict}


def _verdict(name: str, samples: Sequence[Sample]) -> Verdict | None:
    if name in DRAINED:
        return _drained(name, samples)
    if name == "ledger rows":
        return _per_run(name, samples)
    for prefix, (allowed, share) in _STEADY.items():
        if name.startswith(prefix):
            return _steady(name, samples, allowed, share)
    return None


def _drained(name: str, samples: Sequence[Sample]) -> Verdict:
    values = [sample[name] for sample in samples if name in sample]
    return Verdict(values[0], values[-1], max(values), _slope(name, samples), values[-1] > values[0])


def _steady(name: str, samples: Sequence[Sample], allowed: float, share: float) -> Verdict:
    applied = samples[0]["applied runs"], samples[-1]["applied runs"]
    since = applied[0] + (applied[1] - applied[0]) * _WARM_UP
    warm = [sample for sample in samples if name in sample and sample["applied runs"] >= since]
    values = [sample[name] for sample in warm]
    tenth = max(1, len(values) // 10)
    start, end = median(values[:tenth]), median(values[-tenth:])
    slope = _slope(name, warm)
    hours = (warm[-1]["seconds"] - warm[0]["seconds"]) / 3600
    limit = max(allowed, share * start)
    # Both, because the last tenth may be a peak, and a slope may come from one step early on.
    return Verdict(start, end, max(values), slope, end - start > limit and slope * hours > limit / 2)


def _per_run(name: str, samples: Sequence[Sample]) -> Verdict:
    """The ledger grows with every run; it must not grow faster than that."""
    base = samples[0]
    since = [(s[name] - base[name], s["applied runs"] - base["applied runs"]) for s in samples[1:]]
    each = [round(rows / runs, 2) for rows, runs in since if runs >= 10] or [0.0]
    return Verdict(each[0], each[-1], max(each), _slope(name, samples), each[-1] > 1.5 * each[0])


def _slope(name: str, samples: Sequence[Sample]) -> float:
    points = [(sample["seconds"] / 3600, sample[name]) for sample in samples if name in sample]
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return round(sum((x - middle) * y for x, y in points) / spread, 2) if spread else 0.0
