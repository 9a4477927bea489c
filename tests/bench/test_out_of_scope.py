from __future__ import annotations

import numpy as np

from bench import out_of_scope


def test_a_rejected_request_is_not_right_and_recall_has_its_interval() -> None:
    right, alarms = np.array([True, True, False, True]), np.array([True, False, True, False])
    found = np.array([True] * 8 + [False] * 2)
    kept, false_alarms, recall = out_of_scope.figures(right, alarms, found)
    assert (kept, false_alarms) == ("0.5000", "0.500")
    assert recall == "0.80 (0.49–0.94)"
