"""Whatever is sent to the real server: 4xx with a sentence, never 5xx."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zlib
from typing import TYPE_CHECKING, Any

import PIL.Image
import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assay.serving.protocol.openapi import document
from tests import made
from tests.serving.started import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving.started import Started

load_all_checks()
PREDICT, INFER = f"/predict/{made.MODEL}", f"/v2/models/{made.MODEL}/infer"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def server(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = shutil.copytree(
        made.built(checkpoint), tmp_path_factory.mktemp("served") / "a project"
    )
    with started(folder, made.MODEL, "--workspace", "--body", "1") as found:
        yield found


@pytest.fixture(scope="module")
def pictures(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = shutil.copytree(
        made.built_images(checkpoint), tmp_path_factory.mktemp("served") / "a project"
    )
    with started(folder, made.MODEL, "--workspace") as found:
        yield found


DRAWN = [
    one.ok()
    for one in schemathesis.openapi.from_dict(document()).get_all_operations()
    if isinstance(one, Ok)
]


@pytest.mark.parametrize("operation", DRAWN, ids=lambda one: one.label)
def test_requests_drawn_from_the_document_are_answered_as_it_says(
    server: Started, operation: Any
) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=12, derandomize=True, deadline=None, database=None)
    def ask(case: Any) -> None:
        case.call_and_validate(base_url=server.url, checks=CHECKS)

    ask()


def _tensor(**changes: Any) -> dict[str, Any]:
    return {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a text"]} | changes


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        (PREDICT, b"", 400),
        (PREDICT, b"\xff\xfe", 400),
        (PREDICT, b"{", 400),
        (PREDICT, b"[" * 100_000, 400),
        (PREDICT, b'{"inputs": ' + b"[" * 900 + b"]" * 900 + b"}", 400),
        (PREDICT, b'{"inputs": NaN}', 400),
        (PREDICT, json.dumps({"inputs": [None]}).encode(), 400),
        (PREDICT, json.dumps({"inputs": "a text"}).encode(), 400),
        (PREDICT, json.dumps({"inputs": ["\ud800"]}).encode(), 400),
        (PREDICT, json.dumps({"inputs": ["x"] * 100_000}).encode(), 413),
        (PREDICT, json.dumps({"inputs": ["x" * 200_000]}).encode(), 413),
        (PREDICT, json.dumps({"inputs": ["x" * 10_000_000]}).encode(), 413),
        (INFER, json.dumps({"inputs": [_tensor(shape=[-1])]}).encode(), 400),
        (INFER, json.dumps({"inputs": [_tensor(shape=[2**62])]}).encode(), 400),
        (INFER, json.dumps({"inputs": [_tensor(shape=[3])]}).encode(), 400),
        (INFER, json.dumps({"inputs": [_tensor(datatype="FP99")]}).encode(), 400),
        (INFER, json.dumps({"inputs": [_tensor(data=[7])]}).encode(), 400),
        (INFER, json.dumps({"inputs": [_tensor(), _tensor()]}).encode(), 400),
        ("/predict/..%2f..%2fetc%2fpasswd", b'{"inputs": ["x"]}', 404),
        ("/v2/models/%00/infer", b"{}", 404),
        (f"/v2/models/{made.MODEL}/versions/..%2f1/infer", b"{}", 404),
        ("/nothing", b"", 404),
        ("/v2/health/live", b"", 405),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(
    server: Started, path: str, content: bytes, code: int
) -> None:
    with server.client() as client:
        answer = client.post(path, content=content)
    assert answer.status_code == code, answer.text
    assert answer.json()["error"]
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("length", ["-1", "0x10", "1e3", "99999999999999999999", "7", "bytes"])
def test_a_wrong_header_of_the_binary_extension(server: Started, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length}
    with server.client() as client:
        answer = client.post(INFER, content=b'{"inputs": []}', headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_body_that_inflates_past_the_bound(server: Started, pack: Any) -> None:
    content = pack(b'{"inputs": ["' + b"x" * 50_000_000 + b'"]}')
    assert len(content) < 200_000
    encoding = "gzip" if pack is gzip.compress else "deflate"
    with server.client() as client:
        answer = client.post(PREDICT, content=content, headers={"content-encoding": encoding})
    assert answer.status_code == 413


def test_an_image_that_unpacks_past_the_bound(pictures: Started) -> None:
    import base64

    stream = io.BytesIO()
    PIL.Image.new("1", (30_000, 30_000)).save(stream, "PNG")
    assert len(stream.getvalue()) < 500_000
    body = {"inputs": [base64.b64encode(stream.getvalue()).decode()]}
    with pictures.client() as client:
        answer = client.post(PREDICT, json=body)
        assert answer.status_code in (400, 413)
        assert "pixels" in answer.json()["error"]


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_a_foreign_host_or_page_is_refused(server: Started, headers: dict[str, str]) -> None:
    with server.client() as client:
        answer = client.post(PREDICT, json={"inputs": ["x"]}, headers=headers)
    assert answer.status_code == 403


def test_no_text_is_in_the_log(server: Started) -> None:
    with server.client() as client:
        client.post(PREDICT, json={"inputs": ["a secret of mine"]})
        client.post(f"{PREDICT}?text=another-secret", json={"inputs": [["a third secret"]]})
    server.end()
    assert "secret" not in server.log.read_text()
