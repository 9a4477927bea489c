"""From the trained checkpoint to the bundle that is served: raw values in, logits out.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx``,
``assay.json`` and a model card. The graph looks categories up by their text, imputes, scales and
embeds: a client sends what stands in a row. The objective decides which precision ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pandas as pd
import torch
from onnx import TensorProto, helper

from assay.bundle import writing
from assay.bundle.golden import ROWS
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.learning import seeding
from assay.modalities.table.encoding import CATEGORIES, MISSING, NUMBERS, RowEncoder, records
from assay.objectives.classification import agreement, precision
from assay.objectives.classification.precision import Graphs, Trial
from assay.progress import say
from assay.tasks.table_classification import network
from assay.tasks.table_classification.preprocessing import UNKNOWN
from assay.tasks.table_classification.train import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.bundle.golden import Feeds
    from assay.paths import ModelPaths
    from assay.records import Parity, Timings
    from assay.tasks.table_classification.network import Mlp
    from assay.tasks.table_classification.settings import TableClassificationModel

CODES = "codes"
DYNAMIC = {0: "batch"}
ML_DOMAIN, ML_OPSET = "ai.onnx.ml", 3
BATCHES = (1, 2, 7, 32)


def export(
    settings: TableClassificationModel, files: ModelPaths, folder: Path
) -> tuple[Parity, Timings]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        ParityFailed: ONNX and torch give different answers.

    """
    seeding.make_deterministic(0, settings.export.threads)
    model = network.load(files.checkpoint)
    rows = pd.read_parquet(files.split("validation"))
    encoded = _encoder(settings)(records(rows))
    known = Rows(rows, model.shape)
    sample = _encoder(settings)(records(rows.head(precision.TIMED_ROWS)))
    trial = Trial(encoded, sample, known.labels, len(settings.labels), settings.export.threads)
    graphs = trial.calibrated(_graphs(model, writing.metadata(settings, files)), settings.export)
    largest = _grid(model, graphs, settings.export.threads)
    with torch.inference_mode():
        expected = model(known.numbers, known.codes).numpy()
    report = trial.compare(graphs, expected, largest, settings.export)
    _write(folder, graphs, report, _golden(model), settings, files)
    return report, trial.timings(graphs)


def _encoder(settings: TableClassificationModel) -> RowEncoder:
    columns = settings.ingest
    return RowEncoder(columns.numbers, columns.categories, columns.missing)


def _graphs(model: Mlp, metadata: dict[str, str]) -> Graphs:
    """Return the network as ONNX in both precisions, with the look-up of categories in front."""
    say("export: tracing the network")
    examples = {}
    if model.shape.numbers:
        examples[NUMBERS] = torch.zeros(2, len(model.shape.numbers))
    if model.shape.vocabularies:
        examples[CODES] = torch.zeros(2, len(model.shape.vocabularies), dtype=torch.int64)
    graph = gateway.from_torch(
        _Named(model), examples, dict.fromkeys(examples, DYNAMIC), ["logits"]
    )
    small = gateway.quantize_dynamic(graph)
    fp32, int8 = (with_lookup(one, model.shape.vocabularies) for one in (graph, small))
    return Graphs(
        gateway.serialize(fp32, metadata | {"assay.precision": "fp32"}),
        gateway.serialize(int8, metadata | {"assay.precision": "int8"}),
    )


class _Named(torch.nn.Module):
    """The network as a function of the inputs that its columns make."""

    def __init__(self, model: Mlp) -> None:
        super().__init__()
        self._model = model

    def forward(
        self, numbers: torch.Tensor | None = None, codes: torch.Tensor | None = None
    ) -> torch.Tensor:
        given = numbers if numbers is not None else codes
        if given is None:
            raise ValueError("a row needs numbers, categories or both")
        nothing = torch.zeros(given.shape[0], 0)
        answer: torch.Tensor = self._model(
            nothing if numbers is None else numbers,
            nothing.to(torch.int64) if codes is None else codes,
        )
        return answer


def with_lookup(graph: onnx.ModelProto, vocabularies: dict[str, list[str]]) -> onnx.ModelProto:
    """Return a graph that takes ``categories``, texts (batch, columns), in place of ``codes``.

    Each column goes through a ``LabelEncoder`` of the ai.onnx.ml operators; a text that it does
    not know becomes number 0, the embedding of unknown categories.
    """
    if not vocabularies:
        return graph
    found = onnx.ModelProto()
    found.CopyFrom(graph)
    nodes, columns = [], []
    for place, known in enumerate(vocabularies.values()):
        nodes += [
            helper.make_node("Gather", [CATEGORIES, f"place_{place}"], [f"text_{place}"], axis=1),
            helper.make_node(
                "LabelEncoder",
                [f"text_{place}"],
                [f"code_{place}"],
                domain=ML_DOMAIN,
                # An empty list is no attribute: a column without known categories has a dummy.
                keys_strings=known or ["\x00"],
                values_int64s=list(range(1, len(known) + 1)) or [UNKNOWN],
                default_int64=UNKNOWN,
            ),
        ]
        index = helper.make_tensor(f"place_{place}", TensorProto.INT64, [1], [place])
        found.graph.initializer.append(index)
        columns.append(f"code_{place}")
    nodes.append(helper.make_node("Concat", columns, [CODES], axis=1))
    rest = [*nodes, *found.graph.node]
    del found.graph.node[:]
    found.graph.node.extend(rest)
    inputs = [one for one in found.graph.input if one.name != CODES]
    del found.graph.input[:]
    shape: list[str | int | None] = ["batch", len(vocabularies)]
    texts = helper.make_tensor_value_info(CATEGORIES, TensorProto.STRING, shape)
    found.graph.input.extend([*inputs, texts])
    found.opset_import.append(helper.make_opsetid(ML_DOMAIN, ML_OPSET))
    onnx.checker.check_model(found)
    return found


def _grid(model: Mlp, graphs: Graphs, threads: int) -> float:
    """Return the largest difference of fp32 logits over batch sizes, values missing and unknown.

    Raises:
        ParityFailed: it exceeds 1e-4.

    """
    session, largest = Session(graphs.fp32, threads), 0.0
    for batch in BATCHES:
        numbers, texts = drawn(model, batch)
        found = session.run({NUMBERS: numbers, CATEGORIES: texts})
        table = pd.DataFrame(numbers, columns=model.shape.numbers)
        for place, name in enumerate(model.shape.vocabularies):
            table[name] = texts[:, place]
        rows = Rows(table.assign(label=model.shape.labels[0]), model.shape)
        with torch.inference_mode():
            expected = model(rows.numbers, rows.codes).numpy() / graphs.temperature
        largest = max(largest, float(np.abs(found - expected).max()))
    return agreement.require_near(largest)


def drawn(model: Mlp, batch: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return random raw values, equal for equal batch sizes: a tenth missing, some unknown."""
    random = np.random.default_rng(batch)
    shape = model.shape
    centre, spread = model.numbers.medians.numpy(), model.numbers.spread.numpy()
    numbers = centre + spread * random.normal(size=(batch, len(shape.numbers)))
    numbers[random.random(numbers.shape) < 0.1] = np.nan
    texts = np.empty((batch, len(shape.vocabularies)), dtype=object)
    for place, known in enumerate(shape.vocabularies.values()):
        texts[:, place] = random.choice([*known, "", "never seen"], size=batch).tolist()
    return numbers.astype(np.float32), texts


def _golden(model: Mlp) -> list[Feeds]:
    """Return the feeds of made-up rows, each a batch of one."""
    numbers, texts = drawn(model, ROWS)
    return [
        {
            name: values[row : row + 1]
            for name, values in ((NUMBERS, numbers), (CATEGORIES, texts))
            if values.shape[1]
        }
        for row in range(ROWS)
    ]


def _write(
    folder: Path,
    graphs: Graphs,
    report: Parity,
    golden: Sequence[Feeds],
    settings: TableClassificationModel,
    files: ModelPaths,
) -> None:
    folder.mkdir(parents=True)
    columns = settings.ingest
    content = writing.Content(
        graph=graphs.of(report.precision),
        precision=report.precision,
        fp32=graphs.fp32,
        fallback=settings.export.fallback,
        golden=golden,
        card=_card(files.model, settings, report.precision),
        sizes={"batch": 1},
        encoder={
            NUMBERS: columns.numbers,
            CATEGORIES: columns.categories,
            MISSING: columns.missing,
        },
        threshold=report.threshold,
    )
    writing.write(folder, content, settings, files)


def _card(name: str, settings: TableClassificationModel, form: str) -> str:
    labels = ", ".join(f"`{label}`" for label in settings.labels)
    columns = settings.ingest
    return f"""# {name}

A {settings.kind} model made by Assay: a two-layer perceptron, trained from scratch, exported to
ONNX ({form}).

- Input: `numbers`, float32 of shape (batch, {len(columns.numbers)}), NaN where missing;
  `categories`, texts of shape (batch, {len(columns.categories)}), empty where missing. An input
  without columns is left out. Their order is that of `assay.json`. The graph imputes, scales and
  embeds; a category that training did not know is allowed.
- Output: logits over {labels}, in this order.
- Made from: the digests in `assay.json`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: rows unlike those of its training data, or decisions about people without a person.
"""
