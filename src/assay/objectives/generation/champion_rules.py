"""A challenger against the champion, on the same rows: the look that spends error.

Reads and writes nothing. Which error a look at the test documents may spend is the caller's:
:mod:`assay.release.spending`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import stats

from assay.verdicts import Rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assay.objectives.generation.intervals import Floats
    from assay.settings.generation import GenerationModel


class Costs(Protocol):
    """What a model lost on rows: documents, or images."""

    @property
    def nats(self) -> Floats:
        """Negative log probability of each row, or a bound of it."""

    @property
    def size(self) -> NDArray[np.int64]:
        """Units that each row's cost is divided by: bytes of a text, numbers of an image."""


@dataclass(frozen=True)
class RatioTest:
    """Whether a ratio of costs is below a bound.

    Attributes:
        ratio: the challenger's over the champion's.
        p: that of so low a ratio where the true one is ``bound``.

    """

    ratio: float
    p: float


def tested_ratio(challenger: Costs, champion: Costs, bound: float) -> RatioTest:
    """Test on paired rows whether the challenger needs less than ``bound`` times the bits.

    With nats a of the one and b of the other, a row gives a - bound * b. That its mean is below
    zero is tested by Student's t (one-sided): the rows are a sample, and their sizes, which are
    the same for both, divide out (Fieller 1954).

    Raises:
        ValueError: the two were not measured on the same rows.

    """
    if not np.array_equal(challenger.size, champion.size):
        raise ValueError("a paired test needs models measured on the same documents or images")
    ratio = float(challenger.nats.sum() / champion.nats.sum())
    own = challenger.nats - bound * champion.nats
    spread = float(own.std(ddof=1)) if len(own) > 1 else float("nan")
    if not spread > 0:
        # Two equal models: nothing varies, and the sign alone tells.
        return RatioTest(ratio, 0.0 if len(own) > 1 and own.mean() < 0 else 1.0)
    t = float(own.mean()) / (spread / len(own) ** 0.5)
    return RatioTest(ratio, float(stats.t.cdf(t, len(own) - 1)))


def against(
    challenger: Costs,
    champion: Costs,
    level: float,
    settings: GenerationModel,
    unit: str = "bits per byte",
) -> Rule:
    """Compare both on the same rows, by the policy that the settings name.

    ``unit`` is what bits are counted by: ``bits per byte``, or ``bits per dimension``.
    """
    gate = settings.gate
    is_enough = gate.policy == "not_worse"
    bound = 1 + gate.margin if is_enough else 1 - gate.min_effect
    wanted = f"not worse by {gate.margin:.2%}" if is_enough else f"better by {gate.min_effect:.2%}"
    found = tested_ratio(challenger, champion, bound)
    own, old = (
        float(each.nats.sum() / np.log(2) / max(1, each.size.sum()))
        for each in (challenger, champion)
    )
    return Rule(
        name="champion",
        title=f"{unit} against the champion",
        passed=found.p <= level,
        found=f"{own:.4f} against {old:.4f}, {found.ratio - 1:+.2%}; p {found.p:.2g} of {wanted}",
        required=f"{wanted}: p of at most {level:.2g}, the error that this look may spend",
        figures={
            "challenger": own,
            "champion": old,
            "ratio": found.ratio,
            "p": found.p,
            "level": level,
            "rows": float(len(challenger.nats)),
        },
    )
