from __future__ import annotations

import json

import pytest

from assay.applications.customer_service.turn import State


@pytest.mark.parametrize(
    "state", [State(), State(language="zh", angry=1, options=("a", "b"), unclear=1)]
)
def test_a_state_travels_as_json(state: State) -> None:
    assert State.of_json(json.loads(json.dumps(state.as_json()))) == state


def test_a_state_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(KeyError):
        State.of_json({"language": "en"})
