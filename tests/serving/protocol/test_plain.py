from __future__ import annotations

import numpy as np
import orjson
import pytest

from assay.bundle.classifier import Answers
from assay.serving.protocol import plain
from assay.serving.protocol.answers import Outputs
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.schemas import PredictResponse
from assay.serving.refusals import BadRequest
from tests.serving.manifests import manifest

IDENTITY = Identity("reviews", "3", "ab" * 32)
PROBABILITIES = np.array([[0.1, 0.2, 0.7], [0.4, 0.3, 0.3]])


def test_inputs_are_what_the_array_holds() -> None:
    assert plain.inputs_of(b'{"inputs": ["a", null, {"b": 1}]}') == ["a", None, {"b": 1}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b'["a"]', "an array; expected a JSON object"),
        (b"{}", "inputs is null"),
        (b'{"inputs": []}', "inputs is empty"),
        (b'{"inputs": "a"}', "inputs is a string; expected an array"),
        (b'{"inputs": ' + b'{"a":' * 5000, "no JSON"),
    ],
)
def test_a_body_without_inputs_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        plain.inputs_of(body)


def test_each_input_gets_a_prediction() -> None:
    answers = Answers(PROBABILITIES, 0, np.array([0.0, 0.5]), threshold=1.15)
    body, headers = plain.render(answers, Outputs.of(manifest(threshold=1.15)), IDENTITY)
    found = PredictResponse.model_validate_json(body)
    assert (found.model, found.version, found.bundle) == ("reviews", "3", "ab" * 32)
    first, second = found.predictions
    assert (first.label, first.score, first.in_scope, first.unknown_share) == ("好", 0.7, True, 0)
    assert first.probabilities == {"bad": 0.1, "gut": 0.2, "好": 0.7}
    assert (second.label, second.in_scope, second.unknown_share) == ("bad", False, 0.5)
    assert headers["content-type"] == "application/json"
    assert headers["assay-bundle"] == "ab" * 32


def test_without_a_threshold_nothing_is_said_of_the_scope() -> None:
    answers = Answers(PROBABILITIES, 0, np.zeros(2))
    body, _ = plain.render(answers, Outputs.of(manifest()), IDENTITY)
    assert [one["in_scope"] for one in orjson.loads(body)["predictions"]] == [None, None]
