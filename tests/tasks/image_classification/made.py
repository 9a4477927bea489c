"""Small images with a label that they show, and a bundle that tells it: for tests of this task."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits

from assay import processor
from assay.bundle import manifest, writing
from assay.bundle.manifest import Manifest, Port

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("dark", "bright")


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    """Encode uint8 pixels of shape (height, width) or (height, width, 3)."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def shades(count: int, *, size: int = 12, seed: int = 0) -> pd.DataFrame:
    """Return images of one shade each and some noise: dark below 128; every tenth is mislabelled.

    Columns ``id, image, label, shop``.
    """
    random = np.random.default_rng(seed)
    rows = []
    for row in range(count):
        shade = int(random.integers(20, 236))
        spread = random.integers(-15, 16, (size, size + row % 2))
        pixels = (shade + spread).clip(0, 255).astype(np.uint8)
        number = int(shade >= 128) if row % 10 else 1 - int(shade >= 128)
        rows.append((f"{seed}-{row}", png(pixels), LABELS[number], ("east", None)[row % 2]))
    return pd.DataFrame(rows, columns=["id", "image", "label", "shop"])


def labelled_scans(count: int) -> pd.DataFrame:
    """Return scikit-learn's digits 0 to 4 as grey PNG images of 18 x 20 pixels, with labels."""
    scans, numbers = load_digits(n_class=5, return_X_y=True)
    contents = []
    for scan in scans[:count]:
        image = Image.fromarray((scan.reshape(8, 8) * 15).astype(np.uint8)).resize((18, 20))
        contents.append(png(np.asarray(image)))
    return pd.DataFrame(
        {"image": contents, "label": [f"digit {number}" for number in numbers[:count]]}
    )


def write_bundle(folder: Path, *, channels: int = 1, size: int = 12) -> None:
    """Write a bundle that tells dark from bright by the mean of all pixels."""
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Gemm", ["column", "weights", "bias"], ["logits"]),
    ]
    shape: list[str | int | None] = ["batch", "height", "width", channels]
    constants = {
        "axes": np.array([1, 2, 3]),
        "last": np.array([1]),
        "weights": np.array([[-0.05, 0.05]], dtype=np.float32),
        "bias": np.array([6.375, -6.375], dtype=np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "shades",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 20)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), folder / "model.onnx")
    (folder / "README.md").write_text("# shades\n\nDark from bright.\n")
    stated = Manifest(
        model="shades",
        data="image",
        task="classification",
        labels=LABELS,
        precision="fp32",
        inputs=(
            Port(
                name="pixels",
                type="uint8",
                shape=("batch", "height", "width", channels),
                example=(1, size, size, channels),
            ),
        ),
        outputs=(Port(name="logits", type="float32", shape=("batch", 2), example=(1, 2)),),
        encoder={"size": size, "channels": channels},
        made_from={"weights": "cd" * 32},
        processor=processor.processor_class(),
        versions=writing.versions(),
    )
    manifest.write(folder, stated)
