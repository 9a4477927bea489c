"""Other servers of the same bundle: how each is installed, started and asked.

Reads a bundle. Writes environments (:mod:`bench.environments`) and a scratch folder. What each of
them serves is in :mod:`bench.peers`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay import cores
from assay.tasks.bundles import open_classifier
from bench import environments, project
from bench.servers import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MLFLOW = "mlflow models serve"
# What each of the others needs beside itself.
BESIDE = ("onnxruntime==1.31.1", "tokenizers", "numpy")


@dataclass(frozen=True)
class Place:
    """What a peer's server is made of.

    Attributes:
        python: of its own environment.
        scratch: a folder that it may write to.
        environment: of its process, beside this one's own.
        texts: that it is asked for, one a request.

    """

    python: Path
    scratch: Path
    environment: dict[str, str]
    texts: Sequence[str]

    def script(self, name: str) -> str:
        """Return the path of a command of its environment."""
        return str(self.python.with_name(name))


@dataclass(frozen=True)
class Peer:
    """Another server: the packages of its environment, and how it is started and asked."""

    packages: tuple[str, ...]
    server: Callable[[Place], Server]


def peers(scratch: Path, bundle: Path, texts: Sequence[str]) -> Iterator[Server]:
    """Yield the servers that can be installed here; ``scratch`` is an empty folder."""
    own = {"ASSAY_BENCH_BUNDLE": str(bundle), "PYTHONPATH": str(project.BENCH)}
    yield _mlflow(scratch, bundle, texts)
    for name, peer in PEERS.items():
        if python := environments.python_with(name, (*peer.packages, *BESIDE)):
            yield peer.server(Place(python, scratch, own, texts))


def _mlflow(scratch: Path, bundle: Path, texts: Sequence[str]) -> Server:
    """Return MLflow's server of the graph: it tokenises nothing, clients send token ids."""
    import mlflow.onnx
    import onnx

    from assay.modalities.text.encoding import padded

    mlflow.onnx.save_model(onnx.load(bundle / "model.onnx"), str(scratch / "mlflow"))
    encode = open_classifier(bundle).encode
    bodies = []
    for text in texts:
        feeds = padded(encode([text]).ids)  # type: ignore[attr-defined]
        bodies.append(json.dumps({"inputs": {name: ids.tolist() for name, ids in feeds.items()}}))
    words = (
        *(project.script("mlflow"), "models", "serve", "--model-uri", str(scratch / "mlflow")),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", "{port}"),
        *("--workers", str(cores.usable())),
    )
    return Server(MLFLOW, words, "/invocations", bodies, scratch)


def _bentoml(place: Place) -> Server:
    service = "bench.peers.bento_service:Opinions"
    words = (place.script("bentoml"), "serve", service, "--port", "{port}")
    bodies = [json.dumps({"texts": [text]}) for text in place.texts]
    return Server("BentoML", words, "/predict", bodies, place.scratch, place.environment)


def _litserve(place: Place) -> Server:
    words = (str(place.python), "-m", "bench.peers.lit_service", "{port}")
    bodies = [json.dumps({"text": text}) for text in place.texts]
    return Server("LitServe", words, "/predict", bodies, place.scratch, place.environment)


def _mlserver(place: Place) -> Server:
    folder = place.scratch / "mlserver"
    folder.mkdir()
    settings = {
        "name": "opinions",
        "implementation": "bench.peers.mls_runtime.Opinions",
        "max_batch_size": 64,
        "max_batch_time": 0.001,
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))
    bodies = [
        json.dumps(
            {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}]}
        )
        for text in place.texts
    ]
    environment = place.environment | {
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "0",
        "MLSERVER_METRICS_PORT": "0",
        "MLSERVER_PARALLEL_WORKERS": str(cores.usable()),
    }
    words = (place.script("mlserver"), "start", str(folder))
    return Server("MLServer", words, "/v2/models/opinions/infer", bodies, folder, environment)


PEERS = {
    "BentoML": Peer(("bentoml==1.4.40", "setuptools<81"), _bentoml),
    "LitServe": Peer(("litserve==0.2.19",), _litserve),
    "MLServer": Peer(("mlserver==1.7.1", "uvloop<0.22"), _mlserver),
}
