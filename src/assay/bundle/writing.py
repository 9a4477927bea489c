"""Write a bundle: graph, model card, manifest.

Writes the bundle's folder; reads the digests of what the model was made from, and the graph's own
inputs and outputs. Never loads torch.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from assay import processor
from assay.bundle import manifest
from assay.bundle.manifest import Manifest, Port
from assay.bundle.session import Session
from assay.files import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import onnxruntime

    from assay.paths import ModelPaths
    from assay.settings.classification import ClassificationModel

# The libraries whose versions decide what a graph holds and how it runs.
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime", "onnxruntime-gpu")
CARD = "README.md"
# numpy's names of the types that onnxruntime names otherwise.
TYPES = {"float": "float32", "double": "float64", "string": "str"}


def metadata(settings: ClassificationModel, files: ModelPaths) -> dict[str, str]:
    """Return what the graph itself carries: labels, and the digests of what it was made from."""
    return {
        "assay.task": settings.kind,
        "assay.labels": "\n".join(settings.labels),
        "assay.weights": sha256(files.checkpoint),
        "assay.train": sha256(files.split("train")),
    }


def write(
    folder: Path,
    graph: bytes,
    settings: ClassificationModel,
    files: ModelPaths,
    *,
    precision: str,
    card: str,
    sizes: Mapping[str, int],
    encoder: Mapping[str, int | tuple[str, ...]],
) -> None:
    """Write graph, card and manifest into ``folder``, which may hold more of the bundle already.

    Args:
        folder: of the bundle; it exists.
        graph: the ONNX model.
        settings: the model's.
        files: the model's paths, by which it is known what it was made from.
        precision: of the graph, ``fp32`` or ``int8``.
        card: the model card, Markdown.
        sizes: a small valid size for each axis of an input that may vary, by the axis's name.
        encoder: what the modality's encoder goes by.

    """
    (folder / manifest.MODEL).write_bytes(graph)
    (folder / CARD).write_text(card, encoding="utf-8")
    inputs, outputs = _ports(graph, sizes)
    stated = Manifest.model_validate(
        {
            "model": files.model,
            "data": settings.data,
            "task": settings.task,
            "labels": settings.labels,
            "precision": precision,
            "inputs": inputs,
            "outputs": outputs,
            "encoder": dict(encoder),
            "made_from": {
                "weights": sha256(files.checkpoint),
                "train": sha256(files.split("train")),
                "validation": sha256(files.split("validation")),
            },
            "processor": processor.processor_class(),
            "versions": versions(),
        }
    )
    manifest.write(folder, stated)


def versions() -> dict[str, str]:
    """Return the installed version of each of :data:`PACKAGES`."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # onnxruntime has one name or the other
    return found


def _ports(graph: bytes, sizes: Mapping[str, int]) -> tuple[list[Port], list[Port]]:
    runtime = Session(graph, threads=1).runtime
    inputs, outputs = runtime.get_inputs(), runtime.get_outputs()
    return [_port(one, sizes) for one in inputs], [_port(one, sizes) for one in outputs]


def _port(argument: onnxruntime.NodeArg, sizes: Mapping[str, int]) -> Port:
    own = argument.type.removeprefix("tensor(").removesuffix(")")
    return Port(
        name=argument.name,
        type=TYPES.get(own, own),
        shape=tuple(argument.shape),
        example=tuple(
            sizes.get(size, 1) if isinstance(size, str) else size for size in argument.shape
        ),
    )
