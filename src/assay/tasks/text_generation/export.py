"""From the trained checkpoint to the bundle that is served: token ids in, logits and cache out.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx``,
tokenizer, ``assay.json``, golden rows and a model card. The objective decides which
precision ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay import processor
from assay.bundle import writing
from assay.bundle.decoding import IDS, KEPT, MASK, empty
from assay.bundle.golden import ROWS
from assay.gateways import onnx as gateway
from assay.learning import seeding
from assay.modalities.text import codec
from assay.objectives.generation.precision import METRIC, Trial, choose, is_within_bound
from assay.progress import say
from assay.records import Candidate, Parity, Timings, one_digit
from assay.tasks.text_generation import checkpoint, graph, int8, parity
from assay.tasks.text_generation.compared import Compared, Exported
from assay.tasks.text_generation.documents import texts_of

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.golden import Feeds
    from assay.bundle.session import Session
    from assay.modalities.text.codec import Codec
    from assay.paths import ModelPaths
    from assay.tasks.text_generation.compared import Rows
    from assay.tasks.text_generation.int8 import Quantized
    from assay.tasks.text_generation.network import Decoder
    from assay.tasks.text_generation.settings import TextGenerationModel

# Rows of the validation split on which logits are held against torch's.
LOGIT_ROWS = 8
# Numbers that are held at once of each graph's logits, 64 MB: a large vocabulary gets shorter rows.
LOGITS = 2**24
# A golden row has so many tokens, at most.
GOLDEN_TOKENS = 24


@dataclass(frozen=True)
class Graphs:
    """The graph in both precisions."""

    fp32: Exported
    int8: Quantized


@dataclass(frozen=True)
class Agreement:
    """How the graph in fp32 agrees with torch.

    Attributes:
        rows: windows of the compared documents, int64 (rows, length).
        logits: the graph's of them.
        validation: their greatest difference from torch's.
        grid: that of logits over shapes of batch and lengths.
        greedy: how many tokens were decoded as by torch.

    """

    rows: Rows
    logits: np.ndarray[Any, Any]
    validation: float
    grid: float
    greedy: int


def export(
    settings: TextGenerationModel, files: ModelPaths, folder: Path
) -> tuple[Parity, Timings]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        ParityFailed: ONNX and torch continue a text differently.

    """
    chosen = settings.export
    seeding.make_deterministic(0, chosen.threads)
    model, coded = checkpoint.read(files.checkpoint), codec.read(files.checkpoint)
    say("export: tracing the network")
    traced = graph.graph(model)
    about = writing.metadata(settings, files)
    compared = Compared.of(texts_of(files, "validation"), coded, model.sizes.context)
    full = Exported.measured(gateway.serialize(traced, about), compared, chosen.threads)
    agreement = _agreement(model, full.session, compared, coded)
    small = int8.quantized(
        model,
        traced,
        about,
        compared,
        threads=chosen.threads,
        accepts=lambda bits: is_within_bound(chosen, full.bits, bits),
    )
    report, timings = _report(settings, Graphs(full, small), compared, agreement)
    folder.mkdir(parents=True)
    coded.write(folder)
    content = writing.Content(
        graph=small.graph.content if report.precision == "int8" else full.content,
        precision=report.precision,
        fp32=full.content,
        fallback=chosen.fallback,
        golden=_golden(model, full.session),
        card=_card(files.model, settings, report.precision),
        sizes={"batch": 1, "length": 2, "past": 1, "total": 3, "kept": 1},
        encoder={"context": model.sizes.context, "start": coded.end, "stop": coded.end},
    )
    writing.write(folder, content, settings, files)
    return report, timings


def _agreement(model: Decoder, full: Session, compared: Compared, coded: Codec) -> Agreement:
    largest = parity.grid(model, full, seed=0)
    greedy = parity.greedy(model, full, _prompts(compared, coded, model.sizes.context))
    say(f"export: {greedy.tokens:,} greedy tokens as in torch, {greedy.ties} ties among them")
    rows = _rows(compared, model)
    with torch.inference_mode():
        expected = model(torch.from_numpy(rows)).numpy()
    found = parity.logits(full, rows)
    validation = parity.require_near(
        float(np.abs(expected - found).max()), float(np.abs(expected).max())
    )
    return Agreement(rows, found, validation, largest, greedy.tokens)


def _report(
    settings: TextGenerationModel, graphs: Graphs, compared: Compared, agreement: Agreement
) -> tuple[Parity, Timings]:
    full, small = graphs.fp32, graphs.int8.graph
    quantized = parity.logits(small.session, agreement.rows)
    alone = np.concatenate([parity.logits(small.session, row[None]) for row in agreement.rows])
    trial = Trial(
        full.bits,
        small.bits,
        float(np.abs(alone - quantized).max()),
        kept=graphs.int8.kept,
        layers=graphs.int8.layers,
    )
    precision, reason = choose(settings.export, trial)
    say(f"export: {precision}, since {reason}")
    same = agreement.logits.argmax(-1) == quantized.argmax(-1)
    report = Parity(
        metric=METRIC,
        fp32=Candidate.measured(full.bits, full.content),
        int8=Candidate.measured(small.bits, small.content),
        score_drop=round(small.bits - full.bits, 6),
        same_prediction_int8=round(float(same.mean()), 6),
        validation_rows=len(compared.documents),
        validation_max_abs_diff=one_digit(agreement.validation),
        grid_max_abs_diff=one_digit(agreement.grid),
        neighbours_max_abs_diff=one_digit(trial.neighbours),
        temperature=1.0,
        precision=precision,
        reason=reason,
        greedy_tokens=agreement.greedy,
    )
    timings = Timings(
        rows_per_second_fp32=round(full.speed, 1),
        rows_per_second_int8=round(small.speed, 1),
        int8_speedup=round(small.speed / full.speed, 2),
        provider=full.session.provider,
        processor=processor.processor_class(),
        threads=settings.export.threads,
        unit="tokens",
    )
    return report, timings


def _prompts(compared: Compared, coded: Codec, context: int) -> list[list[int]]:
    """Return equally long beginnings, spread over the documents; half a context is left behind."""
    stream = [coded.end, *(token for document in compared.documents for token in document)]
    length = min(parity.PROMPT_TOKENS, context // 2, len(stream))
    starts = np.linspace(0, len(stream) - length, parity.PROMPTS).astype(int)
    return [stream[start : start + length] for start in starts]


def _rows(compared: Compared, model: Decoder) -> Rows:
    """Return windows of the documents, int64 (rows, length)."""
    held = max(1, LOGITS // (LOGIT_ROWS * model.sizes.vocabulary))
    length = min(model.sizes.context, held, compared.tokens // LOGIT_ROWS)
    return compared.windows(length, LOGIT_ROWS)


def _golden(model: Decoder, session: Session) -> list[Feeds]:
    """Return the feeds of made-up rows, each a batch of one: token ids that no text has."""
    random = np.random.default_rng(0)
    rows: list[Feeds] = []
    for _ in range(ROWS):
        length = int(random.integers(1, min(GOLDEN_TOKENS, model.sizes.context)))
        ids = random.integers(0, model.sizes.vocabulary, (1, length))
        last = np.array([length - 1], dtype=np.int64)
        rows.append({IDS: ids, MASK: np.ones_like(ids), KEPT: last, **empty(session, 1)})
    return rows


def _card(name: str, settings: TextGenerationModel, form: str) -> str:
    checkpoint = settings.train.checkpoint
    origin = f"fine-tuned from {checkpoint}" if checkpoint else "trained from scratch"
    return f"""# {name}

A {settings.kind} model made by Assay: a decoder-only transformer {origin}, exported to
ONNX ({form}) with its cache of keys and values as input and output.

- Input: `input_ids`, int64 (batch, length); `attention_mask`, int64 (batch, past + length), 0 for
  padding on the left; `logits_to_keep`, int64, the places whose logits are wanted; and
  `past_key_values.N.key` and `.value`, float32, of no tokens at first.
- Output: logits over the tokens of `tokenizer.json`, and `present.N.key` and `.value`, which are
  the next call's past.
- It continues a text; it knows no facts, and follows no instructions.
- Made from: the digests in `assay.json`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: telling people anything that nobody has checked.
"""
