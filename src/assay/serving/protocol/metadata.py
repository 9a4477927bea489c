"""What the server and its models say of themselves.

Reads the manifests of served models. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import __version__
from assay.serving.contents import drawings, kinds
from assay.serving.protocol.answers import Outputs
from assay.serving.protocol.pictures import Pictures
from assay.serving.protocol.schemas import ModelMetadata, ServerMetadata, TensorMetadata
from assay.serving.protocol.tensors import Port

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.bundle.manifest import Manifest
    from assay.serving.served import ServedModel

NAME = "assay"
# Triton's names of the extensions that this server has.
EXTENSIONS = ("binary_tensor_data", "classification", "model_repository", "generate")
# What Triton calls a model that onnxruntime runs.
PLATFORM = "onnxruntime_onnx"


def server() -> ServerMetadata:
    """Return what ``GET /v2`` answers."""
    return ServerMetadata(name=NAME, version=__version__, extensions=EXTENSIONS)


def model(served: ServedModel, versions: Sequence[str] | None = None) -> ModelMetadata:
    """Return what ``GET /v2/models/{model}`` answers.

    ``versions``: that may be asked for by name; None: that of ``served`` alone.
    """
    inputs, outputs = ports(served.manifest)
    return ModelMetadata(
        name=served.name,
        versions=tuple(versions or [served.label]),
        platform=PLATFORM,
        inputs=_tensors(inputs),
        outputs=_tensors(outputs),
    )


def ports(manifest: Manifest) -> tuple[Sequence[Port], Sequence[Port]]:
    """Return inputs and outputs of a bundle as clients send and get them.

    Not its graph's own: encoding, labels and seeds are the server's. Of a language model those of
    Triton's generate extension.
    """
    if manifest.labels:
        return kinds.of_bundle(manifest).ports, Outputs.of(manifest).ports
    if manifest.data == "text":
        return (Port("text_input", "BYTES", (1,)),), (Port("text_output", "BYTES", (1,)),)
    return drawings.PORTS, Pictures.of(manifest).ports


def _tensors(found: Iterable[Port]) -> tuple[TensorMetadata, ...]:
    return tuple(
        TensorMetadata(name=one.name, datatype=one.datatype, shape=one.shape) for one in found
    )
