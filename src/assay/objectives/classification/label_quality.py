"""The labels of new rows, against what the champion predicts.

Reads today's splits. Writes nothing. The test, that of :mod:`suspicion`, compares the new rows with
rows that the champion was chosen and tested on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.objectives.classification import detection, metrics, suspicion
from assay.progress import say
from assay.verdicts import Rule, Suspect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.objectives.classification.detection import Power
    from assay.objectives.classification.evaluated import EvaluatedBundle
    from assay.objectives.classification.metrics import Predictions
    from assay.objectives.classification.suspicion import Suspicion
    from assay.settings.release import Gate
    from assay.verdicts import GateInputs

    Show = Callable[[pd.Series[Any]], str]

# New rows that labels are examined of, at most, evenly spread.
EXAMINED = 5000
WORST = 100  # rows of the file to look at
FEWEST = 20  # trusted rows


def new_labels(
    given: GateInputs, champion: EvaluatedBundle, show: Show, gate: Gate
) -> tuple[Rule, tuple[Suspect, ...]]:
    """Examine the labels of rows that the champion never saw; return the worst of them too.

    ``show`` returns a row as a person reads it.
    """
    if given.known is None:
        return _unexamined("which rows the champion was made from is not known", passed=False), ()
    fresh = _new_rows(given, given.known)
    trusted = _trusted(given, champion)
    if not len(fresh) or trusted is None:
        what = (
            "there are no new rows" if not len(fresh) else "too few rows are left to compare with"
        )
        return _unexamined(what, passed=not len(fresh)), ()
    say(f"gate: the labels of {len(fresh):,} new rows, against what the champion predicts")
    new = champion.predict(fresh, "train")
    done = suspicion.examine(trusted, new, error=gate.label_error)
    able = detection.power(trusted, new_rows=len(fresh), error=gate.label_error)
    return _examined(done, able, gate), _suspects(done, fresh, show)


def _trusted(given: GateInputs, champion: EvaluatedBundle) -> Predictions | None:
    """Return the champion on rows that it was tested and chosen on; None where these are too few.

    Their labels passed the gate, and the champion did not learn from them.
    """
    known = given.known or frozenset()
    held = champion.test["id"].astype(str).isin(known).to_numpy()
    validation = pd.read_parquet(given.splits["validation"])
    validation = validation[validation["id"].astype(str).isin(known)].reset_index(drop=True)
    found = [champion.predictions.rows(held)] if held.any() else []
    if len(validation):
        found.append(champion.predict(validation, "validation"))
    if sum(len(one.truth) for one in found) < FEWEST:
        return None
    return metrics.Predictions(
        np.concatenate([one.truth for one in found]),
        np.concatenate([one.probabilities for one in found]),
        champion.bundle.labels,
    )


def _new_rows(given: GateInputs, known: frozenset[str]) -> pd.DataFrame:
    """Return today's rows that the champion was not made from, of all splits."""
    tables = [pd.read_parquet(path) for path in given.splits.values()]
    fresh = pd.concat([table[~table["id"].astype(str).isin(known)] for table in tables])
    if len(fresh) > EXAMINED:
        fresh = fresh.iloc[np.linspace(0, len(fresh) - 1, EXAMINED).astype(int)]
    return fresh.reset_index(drop=True)


def _unexamined(found: str, *, passed: bool) -> Rule:
    return Rule(
        name="labels",
        title="labels of new rows",
        passed=passed,
        found=found,
        required="new rows no more suspicious than those that the champion was tested on"
        if passed
        else "the champion's rows, out of DVC's cache or remote: dvc pull",
        figures={"new_rows": 0.0},
    )


def _examined(done: Suspicion, able: Sequence[Power], gate: Gate) -> Rule:
    figures: dict[str, float | None] = {
        "new_rows": float(done.new_rows),
        "trusted_rows": float(done.trusted_rows),
        "new_share": done.new_share,
        "trusted_share": done.trusted_share,
        "p": done.p_value,
    }
    figures |= {f"finds_{one.kind}_{100 * one.share:g}": one.detected for one in able}
    found = ", ".join(f"{one.share:.0%} {one.kind} {one.detected:.0%}" for one in able)
    return Rule(
        name="labels",
        title="labels of new rows",
        passed=not done.refused,
        found=f"{done.new_share:.1%} of {done.new_rows:,} new rows are suspicious, "
        f"{done.trusted_share:.1%} of {done.trusted_rows:,} trusted ones; p {done.p_value:.2g}. "
        f"Flipped labels that this finds: {found}",
        required=f"no more than chance explains: p above {gate.label_error:g}",
        figures=figures,
    )


def _suspects(done: Suspicion, fresh: pd.DataFrame, show: Show) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            id=str(fresh["id"].iloc[one.row]),
            label=one.given,
            likelier=one.likelier,
            probability=round(one.given_probability, 6),
            shown=show(fresh.iloc[one.row]),
        )
        for one in done.worst[:WORST]
    )
