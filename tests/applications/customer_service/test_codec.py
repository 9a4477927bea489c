from __future__ import annotations

import json

import pytest

from assay.applications.customer_service import codec
from tests.applications.customer_service.turns import turn


@pytest.mark.parametrize("handed", [False, True])
def test_a_turn_comes_back_from_its_json_as_it_was(handed: bool) -> None:
    stored = json.loads(json.dumps(codec.as_json(turn(handed=handed))))
    assert codec.of_json(stored) == turn(handed=handed)


def test_what_is_no_turn_is_refused() -> None:
    stored = codec.as_json(turn())
    with pytest.raises(KeyError):
        codec.of_json({name: value for name, value in stored.items() if name != "reply"})
    with pytest.raises(TypeError):
        codec.of_json(stored | {"quotes": [{"entry": "returns"}]})
