"""Write a bundle: graphs, golden rows, model card, manifest.

Writes the bundle's folder; reads the digests of what the model was made from, and the graph's own
inputs and outputs. Never loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from assay import processor
from assay.bundle import manifest
from assay.bundle.golden import Golden
from assay.bundle.golden import write as write_golden
from assay.bundle.manifest import Manifest, Port
from assay.bundle.session import Session
from assay.files import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnxruntime

    from assay.bundle.golden import Feeds
    from assay.bundle.manifest import Precision
    from assay.paths import ModelPaths
    from assay.settings.schema import Model

# The libraries whose versions decide what a graph holds and how it runs.
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime", "onnxruntime-gpu")
CARD = "README.md"
# numpy's names of the types that onnxruntime names otherwise.
TYPES = {"float": "float32", "double": "float64", "string": "str"}


def metadata(settings: Model, files: ModelPaths) -> dict[str, str]:
    """Return what the graph itself carries: labels, and the digests of what it was made from."""
    return {
        "assay.task": settings.kind,
        "assay.labels": "\n".join(settings.labels),
        "assay.weights": sha256(files.checkpoint),
        "assay.train": sha256(files.split("train")),
    }


@dataclass(frozen=True)
class Content:
    """What a task puts into its bundle.

    Attributes:
        graph: the ONNX model that is served.
        precision: of it.
        fp32: the ONNX model in fp32, which may be the same.
        fallback: whether the bundle holds ``fp32`` beside a graph in int8.
        golden: the feeds of golden rows, each a batch of one.
        card: the model card, Markdown.
        sizes: a small valid size for each axis of an input that may vary, by the axis's name.
        encoder: what the modality's encoder goes by.
        threshold: the score below which an input is called out of scope.

    """

    graph: bytes
    precision: Precision
    fp32: bytes
    fallback: bool
    golden: Sequence[Feeds]
    card: str
    sizes: Mapping[str, int]
    encoder: Mapping[str, int | tuple[str, ...]]
    threshold: float | None = None


def write(folder: Path, content: Content, settings: Model, files: ModelPaths) -> None:
    """Write graphs, golden rows, card and manifest into ``folder``.

    It exists, and may hold more of the bundle already; ``files`` are the model's paths, by which it
    is known what it was made from.
    """
    (folder / manifest.MODEL).write_bytes(content.graph)
    if content.fallback and content.precision != "fp32":
        (folder / manifest.FALLBACK).write_bytes(content.fp32)
    (folder / CARD).write_text(content.card, encoding="utf-8")
    served = Session(content.graph, threads=1)
    golden = Golden.measured(Session(content.fp32, threads=1), content.golden)
    write_golden(folder, golden)
    stated = Manifest.model_validate(
        {
            "model": files.model,
            "data": settings.data,
            "task": settings.task,
            "labels": settings.labels,
            "precision": content.precision,
            "inputs": [_port(one, content.sizes) for one in served.runtime.get_inputs()],
            "outputs": [_port(one, content.sizes) for one in served.runtime.get_outputs()],
            "encoder": dict(content.encoder),
            "threshold": content.threshold,
            "golden_max_abs_diff": float(f"{golden.largest_difference(served):.2g}"),
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
