from __future__ import annotations

import pytest

from assay.serving.protocol import bodies
from assay.serving.protocol.schemas import IndexRequest, RepositoryRequest
from assay.serving.refusals import BadRequest


def test_a_body_is_read_as_its_record() -> None:
    assert bodies.read(IndexRequest, b'{"ready": true, "other": 1}').ready
    assert bodies.read(RepositoryRequest, b'{"parameters": {"a": 1}}').parameters == {"a": 1}


def test_a_body_that_may_be_left_out_has_defaults() -> None:
    assert not bodies.read(IndexRequest, b"", optional=True).ready
    with pytest.raises(BadRequest, match="the body is not as expected"):
        bodies.read(IndexRequest, b"")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "the body is not as expected"),
        (b"{", "the body is not as expected"),
        (b"\xff", "the body is not as expected"),
        (b'{"ready": "true"}', "'ready' of the body is not as expected"),
        (b'{"ready": null}', "'ready' of the body"),
        (b'{"ready": ' + b"[" * 100_000, "the body"),
    ],
)
def test_a_body_that_is_not_the_record_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said) as refused:
        bodies.read(IndexRequest, body)
    assert len(str(refused.value)) < 300
