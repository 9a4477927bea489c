"""NVIDIA's own client, unmodified, against the real server: text, images, tables, a generator."""

from __future__ import annotations

import base64
import io
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from assay.bundle.image_generator import ImageGenerator
from assay.paths import ModelPaths
from tests import made
from tests.serving.started import started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.serving.started import Started

TEXTS = ["a great lovely film", "awful", "an ordinary table"]


@contextmanager
def _started(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = shutil.copytree(built, tmp_path_factory.mktemp("served") / "a project")
    with started(folder, made.MODEL, "--workspace") as server:
        yield server


def _serve(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with _started(built, tmp_path_factory) as server:
        yield triton.InferenceServerClient(server.address)


@pytest.fixture(scope="module")
def texts(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from _serve(made.built(checkpoint), tmp_path_factory)


@pytest.fixture(scope="module")
def images(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from _serve(made.built_images(checkpoint), tmp_path_factory)


@pytest.fixture(scope="module")
def tables(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from _serve(made.built_table(checkpoint), tmp_path_factory)


@pytest.fixture(scope="module")
def drawing(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with _started(made.built_image_generator(checkpoint), tmp_path_factory) as server:
        yield server


def _drawn(count: int, seed: int) -> list[triton.InferInput]:
    return [_input(name, np.array([value])) for name, value in (("count", count), ("seed", seed))]


def _input(name: str, values: np.ndarray[Any, Any], *, binary: bool = True) -> triton.InferInput:
    kind = {"f": "FP32", "u": "UINT8", "i": "INT64", "O": "BYTES"}[values.dtype.kind]
    found = triton.InferInput(name, list(values.shape), kind)
    found.set_data_from_numpy(values, binary_data=binary)
    return found


def _texts(texts: list[str]) -> np.ndarray[Any, Any]:
    return np.array([text.encode() for text in texts], dtype=object)


def _labels(answer: Any) -> list[str]:
    return [label.decode() for label in answer.as_numpy("label")]


def test_the_server_and_its_models_say_what_they_are(texts: Any) -> None:
    assert texts.is_server_live() and texts.is_server_ready()
    assert texts.is_model_ready(made.MODEL) and texts.is_model_ready(made.MODEL, "workspace")
    assert texts.get_server_metadata()["name"] == "assay"
    (entry,) = texts.get_model_repository_index()
    assert (entry["name"], entry["version"], entry["state"]) == (made.MODEL, "workspace", "READY")
    stated = texts.get_model_metadata(made.MODEL)
    assert stated["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]


@pytest.mark.parametrize("binary", [True, False])
def test_texts_in_both_forms(texts: Any, binary: bool) -> None:
    answer = texts.infer(made.MODEL, [_input("text", _texts(TEXTS), binary=binary)])
    assert len(_labels(answer)) == 3
    assert set(_labels(answer)) <= {"negative", "neutral", "positive"}
    probabilities = answer.as_numpy("probabilities")
    assert probabilities.shape == (3, 3)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_some_outputs_alone_under_an_id(texts: Any) -> None:
    wanted = [triton.InferRequestedOutput("label", binary_data=False)]
    answer = texts.infer(
        made.MODEL, [_input("text", _texts(TEXTS))], outputs=wanted, request_id="seven"
    )
    stated = answer.get_response()
    assert stated["id"] == "seven"
    assert [one["name"] for one in stated["outputs"]] == ["label"]
    assert len(stated["parameters"]["bundle"]) == 64


def test_compressed_requests_are_read(texts: Any) -> None:
    plain = texts.infer(made.MODEL, [_input("text", _texts(TEXTS))])
    for encoding in ("gzip", "deflate"):
        answer = texts.infer(
            made.MODEL,
            [_input("text", _texts(TEXTS))],
            request_compression_algorithm=encoding,
        )
        assert np.array_equal(answer.as_numpy("probabilities"), plain.as_numpy("probabilities"))


def test_a_row_is_answered_alike_alone_and_in_a_batch_of_64(texts: Any) -> None:
    many: list[str] = made.texts(64)["text"].tolist()
    together = texts.infer(made.MODEL, [_input("text", _texts(many))]).as_numpy("probabilities")
    for place in (0, 31, 63):
        alone = texts.infer(made.MODEL, [_input("text", _texts([many[place]]))])
        assert np.abs(alone.as_numpy("probabilities")[0] - together[place]).max() <= 1e-3


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda c: c.infer("nobody", [_input("text", _texts(TEXTS))]), "no model 'nobody'"),
        (lambda c: c.infer(made.MODEL, [_input("words", _texts(TEXTS))]), "words"),
        (lambda c: c.infer(made.MODEL, [_input("text", np.zeros(3, np.float32))]), "FP32"),
        (lambda c: c.infer(made.MODEL, [_input("text", _texts([" "]))]), "blank"),
        (lambda c: c.load_model("nobody"), "nobody"),
    ],
)
def test_what_is_wrong_is_said(texts: Any, ask: Callable[[Any], object], words: str) -> None:
    with pytest.raises(InferenceServerException, match=words) as refused:
        ask(texts)
    assert refused.value.status().startswith("4") or "4" in str(refused.value.status())


def test_images_as_files_and_as_pixels(images: Any) -> None:
    drawn = np.random.default_rng(7).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    files = []
    for one in drawn:
        stream = io.BytesIO()
        PIL.Image.fromarray(one).save(stream, "PNG")
        files.append(stream.getvalue())
    as_files = images.infer(made.MODEL, [_input("image", np.array(files, dtype=object))])
    as_pixels = images.infer(made.MODEL, [_input("pixels", drawn)])
    first, second = (answer.as_numpy("probabilities") for answer in (as_files, as_pixels))
    assert np.abs(first - second).max() < 1e-6
    with pytest.raises(InferenceServerException, match="image"):
        images.infer(made.MODEL, [_input("image", np.array([b"no image"], dtype=object))])


def test_a_tensor_a_column(tables: Any) -> None:
    stated = tables.get_model_metadata(made.MODEL)
    rows = made.loans(4)
    inputs = []
    for one in stated["inputs"]:
        column = rows[one["name"]]
        values = (
            column.to_numpy(np.float32)
            if one["datatype"] == "FP32"
            else _texts([str(value) for value in column])
        )
        inputs.append(_input(one["name"], values))
    assert len(_labels(tables.infer(made.MODEL, inputs))) == 4
    with pytest.raises(InferenceServerException, match="no column"):
        tables.infer(made.MODEL, inputs[1:])


@pytest.mark.parametrize("binary", [True, False])
def test_images_are_drawn(drawing: Started, checkpoint: Path, binary: bool) -> None:
    drawings = triton.InferenceServerClient(drawing.address)
    stated = drawings.get_model_metadata(made.MODEL)
    assert [one["name"] for one in stated["inputs"]] == ["count", "seed"]
    assert stated["outputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 12, 12]}]
    wanted = [triton.InferRequestedOutput("images", binary_data=binary)]
    answer = drawings.infer(made.MODEL, _drawn(70, 4), outputs=wanted)
    found = answer.as_numpy("images")
    folder = made.built_image_generator(checkpoint) / ModelPaths(made.MODEL).bundle
    expected = ImageGenerator.open(folder, threads=1).sample(70, 4)
    assert np.array_equal(found, expected[..., 0])
    assert len(answer.get_response()["parameters"]["bundle"]) == 64
    with pytest.raises(InferenceServerException, match="expected 1 to 256 images") as refused:
        drawings.infer(made.MODEL, _drawn(257, 0))
    assert refused.value.status() == "400"


def test_images_are_drawn_in_plain_json_too(drawing: Started) -> None:
    drawings = triton.InferenceServerClient(drawing.address)
    place = f"/predict/{made.MODEL}"
    with drawing.client() as asking:
        answer = asking.post(place, json={"inputs": [{"count": 2, "seed": 4}]})
        files = [base64.b64decode(one) for one in answer.json()["images"]]
        drawn = [np.asarray(PIL.Image.open(io.BytesIO(one))) for one in files]
        found = drawings.infer(made.MODEL, _drawn(2, 4)).as_numpy("images")
        assert np.array_equal(np.stack(drawn), found)
        assert answer.headers["assay-bundle"] == answer.json()["bundle"]
        refused = asking.post(place, json={"inputs": [{"count": 1000}]})
        assert refused.status_code == 400
        assert "expected 1 to 256 images" in refused.json()["error"]
        written = asking.post(f"/v2/models/{made.MODEL}/generate", json={"text_input": "a"})
        assert written.status_code == 400
        assert f"ask /v2/models/{made.MODEL}/infer" in written.json()["error"]
        counts = asking.get("/metrics").text
    assert re.search(r'nv_inference_exec_count{model="\w+",version="workspace"} [1-9]', counts)
