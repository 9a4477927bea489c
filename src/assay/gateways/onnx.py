"""From a torch network to ONNX bytes that are equal wherever they were made, and to int8.

Reads and writes nothing but what it is given. Never times anything: see the
task's ``export``.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from assay.logs import logging_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import torch

OPSET = 20
# Per cent, on either side.
CLIPPED = 0.01


def from_torch(
    model: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    dynamic: Mapping[str, Mapping[int, str]],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    """Return the network as an ONNX graph, checked.

    ``inputs`` are example tensors, every dynamic size at 2 or more (a size of 1 would be taken for
    a constant); ``dynamic`` names the dynamic axes of each.
    """
    # Seconds to import, and of no use to whoever only reads a graph.
    import torch

    names = list(inputs)
    shapes = {name: dict.fromkeys(dynamic[name], torch.export.Dim.DYNAMIC) for name in names}
    model.eval()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            model,
            # Own copies: two inputs that are one tensor would become one input of the graph.
            kwargs={name: tensor.clone() for name, tensor in inputs.items()},
            input_names=names,
            output_names=list(outputs),
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            external_data=False,
        )
    assert program is not None  # noqa: S101  dynamo=True always returns one
    graph = strip(program.model_proto)
    _name_axes(graph, dynamic)
    onnx.checker.check_model(graph, full_check=True)
    return graph


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove what the exporter noted of the machine: stack traces with absolute paths, doc strings.

    Without this the bytes differ from folder to folder, and two thirds of a small file are traces.
    """
    _forget_notes(model)
    return model


def _forget_notes(message: Any) -> None:
    """Clear ``metadata_props`` and ``doc_string`` of a message and of all below it."""
    for field, value in message.ListFields():
        if field.name in ("metadata_props", "doc_string"):
            message.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE:
            for inner in value if field.is_repeated else [value]:
                _forget_notes(inner)


def _name_axes(model: onnx.ModelProto, dynamic: Mapping[str, Mapping[int, str]]) -> None:
    """Give dynamic axes the names that people read (``batch``, not ``s77``)."""
    for value in model.graph.input:
        for axis, name in dynamic.get(value.name, {}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    for value in model.graph.output:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"


def readers(model: onnx.ModelProto, operator: str) -> list[str]:
    """Return the names of the nodes that read what an ``operator`` node gives out."""
    made = {name for node in model.graph.node if node.op_type == operator for name in node.output}
    return [node.name for node in model.graph.node if made & set(node.input)]


def quantize(model: onnx.ModelProto, keep: Sequence[str] = ()) -> onnx.ModelProto:
    """Return the int8 form: weights int8 a channel, activations uint8 with a scale found at run.

    onnxruntime's own quantizer. U8 times S8 is the one pairing that its processor kernels are
    fast for. Embeddings stay fp32: they are looked up, not multiplied; so do the nodes that
    ``keep`` names.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The quantizer transposes weights and then infers shapes again: notes on the old ones clash.
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    del plain.graph.value_info[:]
    # The quantizer warns on the root logger.
    with tempfile.TemporaryDirectory() as folder, logging_from(logging.ERROR):
        target = Path(folder) / "int8.onnx"
        quantize_dynamic(
            plain,
            target,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            nodes_to_exclude=list(keep),
            weight_type=QuantType.QInt8,
        )
        quantized = onnx.load(target)
    return strip(quantized)


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
    quantization for deep learning inference", 2020). Only nodes of ``operators`` are quantised. U8
    times S8 is the one pairing that onnxruntime's processor kernels are fast for.
    """
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


def serialize(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    """Return the model's bytes with this metadata: equal content, equal bytes."""
    del model.metadata_props[:]
    for name in sorted(metadata):
        model.metadata_props.add(key=name, value=metadata[name])
    return bytes(model.SerializeToString(deterministic=True))


def load(path: Path) -> onnx.ModelProto:
    """Return the graph of a file."""
    return onnx.load(path)
