"""The plain JSON of ``POST /predict/{model}``: inputs in an array, predictions in their order.

Reads and writes nothing but bytes in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from assay.serving.protocol.answers import IN_SCOPE, LABEL, PROBABILITIES, SCORE
from assay.serving.protocol.request import parse_object
from assay.serving.protocol.words import kind
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from assay.bundle.classifier import Answers
    from assay.serving.protocol.answers import Outputs
    from assay.serving.protocol.identity import Identity


def inputs_of(body: bytes) -> list[object]:
    """Return what ``inputs`` of a body holds, at least one.

    Raises:
        BadRequest: the body is no JSON object with such an array.

    """
    given = parse_object(body).get("inputs")
    if not isinstance(given, list) or not given:
        shown = "empty" if given == [] else kind(given)
        raise BadRequest(f"inputs is {shown}; expected an array of at least one input")
    return given


def render(answers: Answers, outputs: Outputs, identity: Identity) -> tuple[bytes, dict[str, str]]:
    """Return the body of an answer, and its headers but ``Content-Length``.

    Of each input label and score, the probability of every label, which share of the input the
    model does not know, and whether it is in scope; null where the model can't tell.
    """
    best = answers.probabilities.argmax(axis=1).tolist()
    inside = (~answers.out_of_scope).tolist() if outputs.scoped else [None] * len(best)
    rows = zip(best, answers.probabilities.tolist(), answers.unknown.tolist(), inside, strict=True)
    predictions = [
        {
            LABEL: outputs.labels[place],
            SCORE: values[place],
            PROBABILITIES: dict(zip(outputs.labels, values, strict=True)),
            "unknown_share": unknown,
            IN_SCOPE: scope,
        }
        for place, values, unknown, scope in rows
    ]
    stated = {
        "model": identity.model,
        "version": identity.version,
        "bundle": identity.bundle,
        "predictions": predictions,
    }
    return orjson.dumps(stated), {"content-type": "application/json", **identity.headers}
