"""A challenger against the champion, on the same documents: the look that spends error.

Reads and writes nothing. Which error a look at the test documents may spend is the caller's:
:mod:`assay.release.spending`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from assay.objectives.generation import bits
from assay.verdicts import Rule

if TYPE_CHECKING:
    from assay.objectives.generation.bits import Losses
    from assay.settings.generation import GenerationModel


@dataclass(frozen=True)
class RatioTest:
    """Whether a ratio of bits per byte is below a bound.

    Attributes:
        ratio: the challenger's over the champion's.
        p: that of so low a ratio where the true one is ``bound``.

    """

    ratio: float
    p: float


def tested_ratio(challenger: Losses, champion: Losses, bound: float) -> RatioTest:
    """Test on paired documents whether the challenger needs less than ``bound`` times the bits.

    With nats a of the one and b of the other, a document gives a - bound * b. That its mean is
    below zero is tested by Student's t (one-sided): the documents are a sample, and their bytes,
    which are the same for both, divide out (Fieller 1954).

    Raises:
        ValueError: the two were not measured on the same documents.

    """
    if not np.array_equal(challenger.size, champion.size):
        raise ValueError("a paired test needs models measured on the same documents")
    ratio = float(challenger.nats.sum() / champion.nats.sum())
    own = challenger.nats - bound * champion.nats
    spread = float(own.std(ddof=1)) if len(own) > 1 else float("nan")
    if not spread > 0:
        # Two equal models: nothing varies, and the sign alone tells.
        return RatioTest(ratio, 0.0 if len(own) > 1 and own.mean() < 0 else 1.0)
    t = float(own.mean()) / (spread / len(own) ** 0.5)
    return RatioTest(ratio, float(stats.t.cdf(t, len(own) - 1)))


def against(challenger: Losses, champion: Losses, level: float, settings: GenerationModel) -> Rule:
    """Compare both on the same documents, by the policy that the settings name."""
    gate = settings.gate
    is_enough = gate.policy == "not_worse"
    bound = 1 + gate.margin if is_enough else 1 - gate.min_effect
    wanted = f"not worse by {gate.margin:.2%}" if is_enough else f"better by {gate.min_effect:.2%}"
    found = tested_ratio(challenger, champion, bound)
    own, old = (
        bits.figures(each, 0, settings.evaluate.seed).bits_per_byte.value
        for each in (challenger, champion)
    )
    return Rule(
        name="champion",
        title="bits per byte against the champion",
        passed=found.p <= level,
        found=f"{own:.4f} against {old:.4f}, {found.ratio - 1:+.2%}; p {found.p:.2g} of {wanted}",
        required=f"{wanted}: p of at most {level:.2g}, the error that this look may spend",
        figures={
            "challenger": own,
            "champion": old,
            "ratio": found.ratio,
            "p": found.p,
            "level": level,
            "documents": float(len(challenger.nats)),
        },
    )
