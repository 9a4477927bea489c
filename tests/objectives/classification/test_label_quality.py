"""New rows against those that the champion held out: flipped labels are refused, and named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay.objectives.classification import metrics
from assay.objectives.classification.evaluated import EvaluatedBundle
from assay.objectives.classification.label_quality import new_labels
from assay.settings.release import Gate
from assay.verdicts import GateInputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LABELS = ("a", "b")


class Known:
    """A classifier that is right nine times in ten, whatever it is asked."""

    labels = LABELS

    def predict(self, contents: Sequence[Any], progress: Any = None) -> Any:
        second = np.array([float(content) for content in contents])

        class Answers:
            probabilities = np.stack([1 - second, second], axis=1)

        return Answers()


def rows(count: int, seed: int, name: str, flipped: int = 0) -> pd.DataFrame:
    """Return rows whose input is the probability of `b`; of some the label is the other one."""
    random = np.random.default_rng(seed)
    second = np.clip(random.beta(0.5, 0.5, count), 0.02, 0.98)
    truth = random.random(count) < second
    truth[:flipped] = second[:flipped] < 0.5
    labels = np.where(truth, "b", "a")
    ids = [f"{name}{place}" for place in range(count)]
    return pd.DataFrame({"id": ids, "text": second.astype(str), "label": labels})


def show(row: pd.Series[Any]) -> str:
    return str(row["text"])


def given(
    folder: Path, new: pd.DataFrame, *, known: bool = True
) -> tuple[GateInputs, EvaluatedBundle, Callable[[pd.Series[Any]], str]]:
    """Return 600 rows of test and validation each that the champion knows, beside new ones."""
    test, validation = rows(600, 1, "t"), rows(600, 2, "v")
    tables = {"train": new, "validation": validation, "test": test}
    splits = {name: folder / f"{name}.parquet" for name in tables}
    for name, table in tables.items():
        table.to_parquet(splits[name])
    ids = frozenset([*test["id"], *validation["id"]]) if known else None
    inputs = GateInputs(
        challenger=folder,
        champion=folder,
        splits=splits,
        known=ids,
        behaviour=folder / "none.yaml",
        level=0.05,
    )
    bundle: Any = Known()
    probabilities = bundle.predict(test["text"].tolist()).probabilities
    tested = metrics.predictions(test["label"].tolist(), probabilities, LABELS)
    champion = EvaluatedBundle(bundle, test, tested, lambda table: table["text"].tolist())
    return inputs, champion, show


def test_good_labels_pass_with_what_would_have_been_found(tmp_path: Path) -> None:
    rule, suspects = new_labels(*given(tmp_path, rows(500, 3, "n")), Gate())
    assert rule.passed
    assert rule.figures["new_rows"] == 500
    assert rule.figures["trusted_rows"] == 1200
    assert float(rule.figures["finds_random_20"] or 0) > 0.95
    assert "Flipped labels that this finds" in rule.found
    assert all(suspect.label != suspect.likelier for suspect in suspects)


def test_flipped_labels_are_refused_and_the_worst_are_named(tmp_path: Path) -> None:
    rule, suspects = new_labels(*given(tmp_path, rows(500, 3, "n", flipped=100)), Gate())
    assert not rule.passed
    assert float(rule.figures["new_share"] or 0) > float(rule.figures["trusted_share"] or 0)
    worst = {suspect.id for suspect in suspects[:40]}
    flipped = {f"n{place}" for place in range(100)}
    assert len(worst & flipped) >= 35


def test_no_new_rows_are_no_reason_to_refuse(tmp_path: Path) -> None:
    inputs, champion, show = given(tmp_path, rows(500, 3, "n"))
    known = (inputs.known or frozenset()) | {f"n{place}" for place in range(500)}
    rule, suspects = new_labels(replace(inputs, known=known), champion, show, Gate())
    assert rule.passed and not suspects
    assert rule.found == "there are no new rows"


def test_where_the_champions_rows_are_not_known_nothing_is_let_through(tmp_path: Path) -> None:
    rule, _ = new_labels(*given(tmp_path, rows(500, 3, "n"), known=False), Gate())
    assert not rule.passed
    assert "dvc pull" in rule.required


@pytest.mark.parametrize("count", [1, 19])
def test_a_handful_of_new_rows_is_examined_too(tmp_path: Path, count: int) -> None:
    rule, _ = new_labels(*given(tmp_path, rows(count, 4, "n")), Gate())
    assert rule.figures["new_rows"] == count
