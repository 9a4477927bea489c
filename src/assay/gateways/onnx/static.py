"""int8 for networks of convolutions: scales of activations found once, on calibration inputs.

Reads and writes nothing but what it is given. onnxruntime's own quantizer.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from assay import environment
from assay.gateways.onnx.graph import strip
from assay.logs import logging_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Per cent, on either side.
CLIPPED = 0.01


def quantize_static(
    model: onnx.ModelProto,
    feeds: Callable[[int], Mapping[str, Any]],
    count: int,
    operators: Sequence[str],
) -> onnx.ModelProto:
    """Return the int8 form: weights int8 a channel, activations uint8 with scales found now.

    ``feeds`` gives the k-th of ``count`` inputs that the scales are measured on, when its turn has
    come: images of the train split, never of another. A scale leaves out the :data:`CLIPPED` per
    cent of greatest and of least values, which a few odd pixels decide (Wu et al., "Integer
    quantization for deep learning inference", 2020). Only nodes of ``operators`` are quantised.

    U8 times S8 is the one pairing that onnxruntime's processor kernels are fast for. Weights have
    seven of the eight bits, so that no sum saturates where VNNI is missing (see ``dynamic``).
    """
    environment.prepare()  # before the import: onnxruntime sends what it counts otherwise
    from onnxruntime import quantization

    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    del plain.graph.value_info[:]
    # The quantizer warns on the root logger, and prints.
    with (
        tempfile.TemporaryDirectory() as folder,
        logging_from(logging.ERROR),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(onnx.shape_inference.infer_shapes(plain), source)
        quantization.quantize_static(
            source,
            target,
            _Feeds(feeds, count),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(operators),
            calibrate_method=quantization.CalibrationMethod.Percentile,
            # One feed at a time: what all of them make of all layers would fill the memory.
            extra_options={"CalibPercentile": 100 - CLIPPED, "CalibStridedMinMax": 1},
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
        quantized = onnx.load(target)
    return strip(quantized)


class _Feeds:
    """Feeds as onnxruntime's calibration asks for them: a range of them, one by one, then None."""

    def __init__(self, feeds: Callable[[int], Mapping[str, Any]], count: int) -> None:
        self._feeds, self._count = feeds, count
        self._left: Iterator[Mapping[str, Any]] = iter(())

    def __len__(self) -> int:
        return self._count

    def set_range(self, start_index: int, end_index: int) -> None:
        self._left = map(self._feeds, range(start_index, end_index))

    def get_next(self) -> Mapping[str, Any] | None:
        return next(self._left, None)
