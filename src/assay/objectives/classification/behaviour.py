"""Hold a classifier against what it must do, whatever its figures.

Reads and writes nothing: the model is asked through a function. Each requirement is one check,
passed or not; a transform that changes no row of the test split has not passed. Kinds as in
CheckList (Ribeiro et al., ACL 2020).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.excerpts import excerpt
from assay.objectives.classification.behaviour_names import NAME, require_known
from assay.objectives.classification.behaviour_report import BehaviourReport, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.settings.behaviour import Behaviour, Direction, Invariance, MustPass, Transform

    Floats = np.ndarray[Any, np.dtype[np.float64]]

Ask = Callable[[Sequence[Any]], "Floats"]
Transforms = Mapping[str, Callable[[Any], Any]]
# Which rows of a split a transform changes: any, but the same ones for both of two models.
SEED = 13
SHOWN = 3


def check(
    behaviour: Behaviour,
    ask: Ask,
    labels: Sequence[str],
    rows: Sequence[Any],
    transforms: Transforms,
    *,
    source: str = NAME,
) -> BehaviourReport:
    """Make every check of a file.

    Args:
        behaviour: what is required.
        ask: gives probabilities, float64 of shape (inputs, classes), for inputs of the model.
        labels: of the classes, in the order of those probabilities.
        rows: the inputs of the test split.
        transforms: those of the modality, by name.
        source: the file, as a refusal names it.

    Raises:
        SettingsError: a label or a transform that the model does not have (the valid ones are
            named); an input of another kind than the rows.

    """
    require_known(behaviour, labels, rows, transforms, source)
    checks = [
        *_must_pass(behaviour.must_pass, ask, labels),
        *(_invariant(one, ask, labels) for one in behaviour.invariance),
        *(_transformed(one, ask, rows, transforms[one.name]) for one in behaviour.transforms),
        *_directions(behaviour.direction, ask, labels),
    ]
    return BehaviourReport(checks=tuple(checks))


def _must_pass(required: Sequence[MustPass], ask: Ask, labels: Sequence[str]) -> Iterator[Check]:
    if not required:
        return
    answers = ask([one.input for one in required])
    for one, answer in zip(required, answers, strict=True):
        place = int(answer.argmax())
        yield Check(
            kind="must_pass",
            asked=excerpt(one.input),
            found=f"{labels[place]} ({answer[place]:.3f})",
            expected=one.label,
            passed=labels[place] == one.label,
        )


def _invariant(required: Invariance, ask: Ask, labels: Sequence[str]) -> Check:
    inputs = required.inputs()
    given = [labels[place] for place in ask(inputs).argmax(axis=1)]
    # Of two equally frequent labels the earlier variant's: the order of a file is its user's.
    (usual, times), *others = Counter(given).most_common()
    found = f"{usual} for {times} of {len(inputs)}"
    if others:
        strange = [one for one in zip(given, inputs, strict=True) if one[0] != usual]
        shown = (f"{label} for {excerpt(variant)}" for label, variant in strange[:SHOWN])
        found = "; ".join([found, *shown, *(["…"] if len(strange) > SHOWN else [])])
    return Check(
        kind="invariance",
        asked=excerpt(required.template if required.template is not None else inputs[0]),
        found=found,
        expected=f"one label for all {len(inputs)} variants",
        passed=not others,
    )


def _transformed(
    required: Transform, ask: Ask, rows: Sequence[Any], transform: Callable[[Any], Any]
) -> Check:
    before, after = _changed(rows, transform, required.rows)
    kept, share = 0, 0.0
    if before:
        same = ask(before).argmax(axis=1) == ask(after).argmax(axis=1)
        kept, share = int(same.sum()), float(same.mean())
    return Check(
        kind="transforms",
        asked=f"{required.name}, {len(before)} rows of the test split",
        found=f"{kept} of {len(before)} keep their class ({share:.4f})"
        if before
        else "no row of the test split is changed by it, so that it shows nothing",
        expected=f"a share of {required.least:g} at least",
        passed=bool(before) and share >= required.least,
    )


def _changed(
    rows: Sequence[Any], transform: Callable[[Any], Any], wanted: int
) -> tuple[list[Any], list[Any]]:
    """Return rows, before and after, on which the transform has an effect: ``wanted`` at most."""
    before: list[Any] = []
    after: list[Any] = []
    for place in np.random.default_rng(SEED).permutation(len(rows)):
        if len(before) == wanted:
            break
        row = rows[place]
        if (changed := transform(row)) != row:
            before.append(row)
            after.append(changed)
    return before, after


def _directions(required: Sequence[Direction], ask: Ask, labels: Sequence[str]) -> Iterator[Check]:
    if not required:
        return
    before, after = ask([one.before for one in required]), ask([one.after for one in required])
    for one, first, second in zip(required, before, after, strict=True):
        place = labels.index(one.label)
        moved = second[place] - first[place]
        yield Check(
            kind="direction",
            asked=f"{excerpt(one.before)} → {excerpt(one.after)}",
            found=f"{one.label} from {first[place]:.3f} to {second[place]:.3f}",
            expected=f"it {one.change} by {one.least:g} at least",
            passed=bool((moved if one.change == "rises" else -moved) >= one.least),
        )
