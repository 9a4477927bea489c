from __future__ import annotations

import copy

import pytest
import schemathesis
from pydantic import TypeAdapter
from schemathesis.core.result import Ok

from assay.serving import refusals
from assay.serving.contents.texts import Texts
from assay.serving.protocol import plain, request
from assay.serving.protocol.limits import DEFAULT
from assay.serving.protocol.openapi import document
from assay.serving.protocol.operations import OPERATIONS

ROUTES = """
get /docs
get /metrics
get /openapi.json
get /v1/models
get /v1/models/{model}
get /v2
get /v2/health/live
get /v2/health/ready
get /v2/models/{model}
get /v2/models/{model}/ready
get /v2/models/{model}/versions/{version}
get /v2/models/{model}/versions/{version}/ready
post /predict/{model}
post /v1/chat/completions
post /v2/models/{model}/generate
post /v2/models/{model}/generate_stream
post /v2/models/{model}/infer
post /v2/models/{model}/versions/{version}/generate
post /v2/models/{model}/versions/{version}/generate_stream
post /v2/models/{model}/versions/{version}/infer
post /v2/repository/index
post /v2/repository/models/{model}/load
post /v2/repository/models/{model}/unload
""".strip().splitlines()


def test_every_route_of_the_protocol_is_there_once() -> None:
    assert sorted(f"{one.method} {one.path}" for one in OPERATIONS) == ROUTES
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS)


def test_the_document_is_valid_and_names_every_operation() -> None:
    schema = schemathesis.openapi.from_dict(document())
    schema.validate()
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert sorted(f"{one.method} {one.path}" for one in found) == ROUTES


def test_the_validation_would_find_a_fault() -> None:
    broken = copy.deepcopy(document())
    broken["paths"]["/v2"]["get"]["responses"]["200"].pop("description")
    with pytest.raises(ValueError, match='"description" is a required property'):
        schemathesis.openapi.from_dict(broken).validate()


def test_an_operation_says_what_it_refuses() -> None:
    answers = document()["paths"]["/v2/models/{model}/infer"]["post"]["responses"]
    assert " ".join(sorted(answers)) == "200 400 401 403 404 408 413 415 429 503"
    for status, answer in answers.items():
        if status != "200":
            schema = answer["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
    assert "Retry-After" in answers["429"]["headers"]
    assert answers["413"]["description"] == (refusals.TooLarge.__doc__ or "").strip()


def test_what_reads_a_body_may_refuse_it() -> None:
    for one in OPERATIONS:
        assert (one.body is None) == (refusals.BadRequest not in one.refusals), one.name
        assert (one.access == "open") == (refusals.Unauthorized not in one.refusals), one.name


def test_the_examples_are_answered() -> None:
    schemas = document()["components"]["schemas"]
    dumped = TypeAdapter(dict[str, object]).dump_json
    (infer,) = schemas["InferRequest"]["examples"]
    asked = request.parse(dumped(infer))
    assert Texts().of_tensors(asked, DEFAULT) == ["I love it"]
    (predict,) = schemas["PredictRequest"]["examples"]
    assert Texts().of_json(plain.inputs_of(dumped(predict)), DEFAULT) == ["I love it"]
    for operation in OPERATIONS:
        if operation.body:
            for example in schemas[operation.body.__name__].get("examples", ()):
                operation.body.model_validate(example, strict=True)
