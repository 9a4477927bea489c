"""From the bytes of NVIDIA's client to what it reads in the answer, through real bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay.bundle.classifier import Classifier
from assay.modalities.table.encoding import records
from assay.serving.contents import kinds
from assay.serving.protocol.answers import Outputs
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.limits import DEFAULT
from assay.serving.protocol.response import InferResponse
from assay.serving.served import ServedModel, load_workspace
from tests import made
from tests.contracts.tried import FILES, tried_on
from tests.serving import triton

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 6


def _sent(data: str, table: pd.DataFrame) -> dict[str, triton.Array]:
    """Return test rows as a client sends them."""
    match data:
        case "text":
            return {"text": triton.texts(*table["text"])}
        case "image":
            return {"image": triton.texts(*table["image"])}
        case _:
            return {
                "age": table["age"].to_numpy(np.float32),
                "debt": triton.texts(
                    *table["debt"].map(lambda cell: "" if pd.isna(cell) else str(cell))
                ),
                "job": triton.texts(*table["job"].fillna("")),
                "branch": triton.texts(*table["branch"], shape=(len(table), 1)),
            }


def _contents(data: str, table: pd.DataFrame) -> list[Any]:
    return records(table) if data == "table" else table[data].tolist()


def _answered(served: ServedModel, sent: dict[str, triton.Array], *, binary: bool) -> Any:
    """Return what the client reads; ``binary``: how it sends and how it is answered."""
    assert isinstance(served.bundle, Classifier)
    request = triton.asked(
        sent, None if binary else triton.in_json("label", "probabilities"), binary=binary
    )
    outputs = Outputs.of(served.manifest)
    outputs.require(request)
    contents = kinds.of_bundle(served.manifest).of_tensors(request, DEFAULT)
    answers = served.bundle.predict(contents)
    return triton.read(InferResponse(Identity.of(served), outputs.tensors(answers, request)))


@pytest.mark.parametrize("data", ["text", "image", "table"])
def test_the_client_reads_what_the_bundle_answers(
    data: str, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tried_on(f"{data}-classification").built(checkpoint))
    served = load_workspace(made.MODEL, threads=1)
    assert isinstance(served.bundle, Classifier)
    table = pd.read_parquet(FILES.split("test")).head(ROWS)
    expected = served.bundle.predict(_contents(data, table)).probabilities.astype(np.float32)
    labels = [served.bundle.labels[place] for place in expected.argmax(axis=1)]
    sent = _sent(data, table)
    for binary in (True, False):
        if data == "image" and not binary:
            continue  # the client can't send bytes in JSON
        found = _answered(served, sent, binary=binary)
        np.testing.assert_allclose(found.as_numpy("probabilities"), expected, atol=1e-6)
        assert [
            one.decode() if isinstance(one, bytes) else one for one in found.as_numpy("label")
        ] == labels
        assert found.get_response()["model_version"] == "workspace"


def test_pixels_are_answered_as_their_files_are(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tried_on("image-classification").built(checkpoint))
    served = load_workspace(made.MODEL, threads=1)
    table = pd.read_parquet(FILES.split("test")).head(ROWS)
    files = {"image": triton.texts(*table["image"])}
    contents = kinds.of_bundle(served.manifest).of_tensors(triton.asked(files), DEFAULT)
    by_file = _answered(served, files, binary=True)
    for binary in (True, False):
        by_pixels = _answered(served, {"pixels": np.stack(contents)}, binary=binary)
        np.testing.assert_array_equal(
            by_pixels.as_numpy("probabilities"), by_file.as_numpy("probabilities")
        )
