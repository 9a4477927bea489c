"""From a torch network to ONNX bytes that are equal wherever they were made.

Reads and writes nothing but what it is given.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import onnx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import torch

    # A tensor, or several of each of a network's layers.
    Example = torch.Tensor | Sequence[Mapping[str, torch.Tensor]]

OPSET = 20


def from_torch(
    model: torch.nn.Module,
    inputs: Mapping[str, Example],
    dynamic: Mapping[str, Mapping[int, str]],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    """Return the network as an ONNX graph, checked.

    ``inputs`` are example tensors, every dynamic size at 2 or more (a size of 1 would be taken for
    a constant). One that is a sequence of mappings becomes an input for each tensor, with a name
    like ``past_key_values.0.key``. ``dynamic`` names the dynamic axes of each input, and may name
    those of outputs: of a sequence, by what is before the first dot. An output without a name there
    has one dynamic axis, the first, called ``batch``.
    """
    # Seconds to import, and of no use to whoever only reads a graph.
    import torch

    def sizes(name: str) -> Any:
        own = dict.fromkeys(dynamic[name], torch.export.Dim.DYNAMIC)
        return _nested(inputs[name], lambda _: own)

    shapes = {name: sizes(name) for name in inputs}
    model.eval()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            model,
            # Own copies: two inputs that are one tensor would become one input of the graph.
            kwargs={name: _nested(example, torch.clone) for name, example in inputs.items()},
            input_names=[own for name, example in inputs.items() for own in _names(name, example)],
            output_names=list(outputs),
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            external_data=False,
        )
    assert program is not None  # noqa: S101  dynamo=True always returns one
    _keep_apart(program, outputs)
    graph = strip(program.model_proto)
    _name_axes(graph, dynamic)
    onnx.checker.check_model(graph, full_check=True)
    return graph


def _keep_apart(program: torch.onnx.ONNXProgram, outputs: Sequence[str]) -> None:
    """Rename tensors within the graph that the exporter gave the name of an output.

    It names a tensor after its operator, such as ``embedding``, and an output as it is told.
    """
    for node in program.model.graph:
        for value in node.outputs:
            if value.name in outputs and not value.is_graph_output():
                value.name = f"{value.name}/inner"


def _nested(example: Example, made: Callable[[torch.Tensor], Any]) -> Any:
    """Return what is made of each tensor of an example, nested as the tensors are."""
    if isinstance(example, Sequence):
        return [{part: made(tensor) for part, tensor in one.items()} for one in example]
    return made(example)


def _names(name: str, example: Example) -> list[str]:
    """Return the names of an example's tensors in the graph."""
    if isinstance(example, Sequence):
        return [f"{name}.{place}.{part}" for place, one in enumerate(example) for part in one]
    return [name]


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
    for value in [*model.graph.input, *model.graph.output]:
        own = value.name.partition(".")[0]
        for axis, name in dynamic.get(own, {0: "batch"}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name


def serialize(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    """Return the model's bytes with this metadata: equal content, equal bytes."""
    del model.metadata_props[:]
    for name in sorted(metadata):
        model.metadata_props.add(key=name, value=metadata[name])
    return bytes(model.SerializeToString(deterministic=True))


def load(path: Path) -> onnx.ModelProto:
    """Return the graph of a file."""
    return onnx.load(path)
