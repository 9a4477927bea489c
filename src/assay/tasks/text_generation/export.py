"""From the trained checkpoint to the bundle that is served: token ids in, logits and cache out.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx``,
tokenizer, ``assay.json``, golden rows and a model card. The objective decides which
precision ships.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay import processor
from assay.bundle import writing
from assay.bundle.decoding import IDS, KEPT, MASK, empty
from assay.bundle.golden import ROWS
from assay.bundle.scoring import Scorer
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.learning import seeding
from assay.modalities.text import codec
from assay.objectives.generation.precision import METRIC, Trial, choose
from assay.progress import say
from assay.records import Candidate, Parity, Timings, one_digit
from assay.tasks.text_generation import checkpoint, graph, parity
from assay.tasks.text_generation.documents import texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.bundle.golden import Feeds
    from assay.modalities.text.codec import Codec
    from assay.paths import ModelPaths
    from assay.tasks.text_generation.network import Decoder
    from assay.tasks.text_generation.settings import TextGenerationModel

# Tokens of the validation split on which precisions are compared and logits held against torch's.
COMPARED_TOKENS = 40_000
LOGIT_ROWS = 8
# Numbers that are held at once of each graph's logits, 64 MB: a large vocabulary gets shorter rows.
LOGITS = 2**24
# A golden row has so many tokens, at most.
GOLDEN_TOKENS = 24


@dataclass(frozen=True)
class Exported:
    """A graph as it is written, and opened."""

    content: bytes
    session: Session


@dataclass(frozen=True)
class Graphs:
    """The graph in both precisions."""

    fp32: Exported
    int8: Exported


@dataclass(frozen=True)
class Compared:
    """The validation split's documents that precisions are compared on, and their UTF-8 bytes."""

    documents: list[list[int]]
    bytes: int

    @property
    def tokens(self) -> int:
        """How many tokens are predicted, end tokens among them."""
        return sum(map(len, self.documents))


def export(
    settings: TextGenerationModel, files: ModelPaths, folder: Path
) -> tuple[Parity, Timings]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        ParityFailed: ONNX and torch continue a text differently.

    """
    seeding.make_deterministic(0, settings.export.threads)
    model, coded = checkpoint.read(files.checkpoint), codec.read(files.checkpoint)
    say("export: tracing the network")
    traced = graph.graph(model)
    about = writing.metadata(settings, files)
    full = gateway.serialize(traced, about)
    small = gateway.serialize(gateway.quantize_dynamic(traced), about)
    compared = _compared(texts_of(files, "validation"), coded)
    graphs = Graphs(
        *(Exported(own, Session(own, settings.export.threads)) for own in (full, small))
    )
    report, timings = _report(model, graphs, compared, settings, coded)
    folder.mkdir(parents=True)
    coded.write(folder)
    content = writing.Content(
        graph=small if report.precision == "int8" else full,
        precision=report.precision,
        fp32=full,
        fallback=settings.export.fallback,
        golden=_golden(model, graphs.fp32.session),
        card=_card(files.model, settings, report.precision),
        sizes={"batch": 1, "length": 2, "past": 1, "total": 3, "kept": 1},
        encoder={"context": model.sizes.context, "start": coded.end, "stop": coded.end},
    )
    writing.write(folder, content, settings, files)
    return report, timings


def _compared(texts: Sequence[str], coded: Codec) -> Compared:
    """Return the first documents of the split, :data:`COMPARED_TOKENS` tokens at most, or one."""
    documents: list[list[int]] = []
    tokens = size = 0
    for text in texts:
        (ids,) = coded.encode([text])
        tokens += len(ids) + 1
        if documents and tokens > COMPARED_TOKENS:
            break
        documents.append([*ids, coded.end])
        size += len(text.encode("utf-8"))
    return Compared(documents, size)


def _report(
    model: Decoder,
    graphs: Graphs,
    compared: Compared,
    settings: TextGenerationModel,
    coded: Codec,
) -> tuple[Parity, Timings]:
    full, small = graphs.fp32.session, graphs.int8.session
    largest = parity.grid(model, full, seed=0)
    greedy = parity.greedy(model, full, _prompts(compared, coded, model.sizes.context))
    say(f"export: {greedy.tokens:,} greedy tokens as in torch, {greedy.ties} ties among them")
    rows = _rows(compared, model)
    with torch.inference_mode():
        expected = model(torch.from_numpy(rows)).numpy()
    found, quantized = parity.logits(full, rows), parity.logits(small, rows)
    validation = parity.require_near(
        float(np.abs(expected - found).max()), float(np.abs(expected).max())
    )
    (fp32, fp32_speed), (int8, int8_speed) = (
        _bits(session, compared, model.sizes.context, coded) for session in (full, small)
    )
    alone = np.concatenate([parity.logits(small, row[None]) for row in rows])
    trial = Trial(fp32, int8, float(np.abs(alone - quantized).max()))
    precision, reason = choose(settings.export, trial)
    say(f"export: {precision}, since {reason}")
    report = Parity(
        metric=METRIC,
        fp32=Candidate.measured(fp32, graphs.fp32.content),
        int8=Candidate.measured(int8, graphs.int8.content),
        score_drop=round(int8 - fp32, 6),
        same_prediction_int8=round(float((found.argmax(-1) == quantized.argmax(-1)).mean()), 6),
        validation_rows=len(compared.documents),
        validation_max_abs_diff=one_digit(validation),
        grid_max_abs_diff=one_digit(largest),
        neighbours_max_abs_diff=one_digit(trial.neighbours),
        temperature=1.0,
        precision=precision,
        reason=reason,
        greedy_tokens=greedy.tokens,
    )
    timings = Timings(
        rows_per_second_fp32=round(fp32_speed, 1),
        rows_per_second_int8=round(int8_speed, 1),
        int8_speedup=round(int8_speed / fp32_speed, 2),
        provider=full.provider,
        processor=processor.processor_class(),
        threads=settings.export.threads,
        unit="tokens",
    )
    return report, timings


def _bits(session: Session, compared: Compared, context: int, coded: Codec) -> tuple[float, float]:
    """Return bits per byte of the compared documents, and tokens a second."""
    begin = time.perf_counter()
    scorer = Scorer(session, context, coded.end)
    nats = sum(float(own.sum()) for own in scorer.all_nats(compared.documents))
    speed = compared.tokens / (time.perf_counter() - begin)
    return nats / math.log(2) / max(1, compared.bytes), speed


def _prompts(compared: Compared, coded: Codec, context: int) -> list[list[int]]:
    """Return equally long beginnings, spread over the documents; half a context is left behind."""
    stream = [coded.end, *(token for document in compared.documents for token in document)]
    length = min(parity.PROMPT_TOKENS, context // 2, len(stream))
    starts = np.linspace(0, len(stream) - length, parity.PROMPTS).astype(int)
    return [stream[start : start + length] for start in starts]


def _rows(compared: Compared, model: Decoder) -> np.ndarray[Any, Any]:
    """Return windows of the documents, int64 (rows, length): one a row, of equal length."""
    stream = np.array([token for one in compared.documents for token in one], dtype=np.int64)
    held = max(1, LOGITS // (LOGIT_ROWS * model.sizes.vocabulary))
    length = min(model.sizes.context, held, len(stream) // LOGIT_ROWS)
    return stream[: LOGIT_ROWS * length].reshape(LOGIT_ROWS, length)


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
