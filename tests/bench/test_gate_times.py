from __future__ import annotations

import pytest

from assay.objectives.classification.noninferiority import paired
from assay.settings.release import Gate
from bench import gate_times


def test_the_two_drawn_classifiers_disagree_about_as_often_as_two_trainings_of_one_recipe() -> None:
    counts = paired(gate_times.drawn(10_000, 1), gate_times.drawn(10_000, 2))
    assert counts.discordant / counts.rows == pytest.approx(0.08, abs=0.03)
    assert abs(counts.difference) < 0.01


def test_the_table_names_the_rows_the_draws_and_seconds_that_are_above_zero() -> None:
    text = gate_times.measure(300, 1, Gate(bootstrap=100))
    assert "seconds for 300 rows of 3 classes" in text
    assert "paired bootstrap of what decides, 100 draws" in text
    seconds = [float(line.split("|")[2].split()[0]) for line in text.splitlines()[2:]]
    assert len(seconds) == 2 and min(seconds) >= 0 and max(seconds) > 0
