"""Train a language model on the train split, choose its best epoch on the validation split.

Reads the two split tables, and a pretrained checkpoint where one is named. Writes the checkpoint's
folder, its tokenizer among it, and the curve. Never sees the test split.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from assay.learning import curve, loop, seeding
from assay.learning.muon_adamw import muon_adamw
from assay.learning.optimiser import adamw, warmup_then_cosine
from assay.learning.precision import in_bf16
from assay.learning.recipe import Recipe
from assay.modalities.text import codec
from assay.progress import say
from assay.tasks.text_generation import adapters, checkpoint, pretrained
from assay.tasks.text_generation.documents import texts_of
from assay.tasks.text_generation.network import Decoder
from assay.tasks.text_generation.packing import PackedTokens
from assay.tasks.text_generation.sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from assay.learning.run import TrainingRun
    from assay.modalities.text.codec import Codec
    from assay.paths import ModelPaths
    from assay.tasks.text_generation.settings import TextGenerationModel, TextGenerationTrain


def train(settings: TextGenerationModel, files: ModelPaths, run: TrainingRun) -> None:
    """Write the best weights, the tokenizer and the curve to where ``run`` says.

    Raises:
        DataRefused: a split is shorter than one context.
        SettingsError: no network has these sizes; the pretrained checkpoint can't be taken.
        Diverged: the loss is not finite.

    """
    chosen = settings.train
    seeding.make_deterministic(chosen.seed, chosen.threads)
    texts = {name: texts_of(files, name) for name in ("train", "validation")}
    model, coded = start(chosen, texts["train"])
    context = model.sizes.context
    streams = {name: PackedTokens(own, coded, context, name) for name, own in texts.items()}
    say(
        f"train: {adapters.trained(model, chosen.lora):,} of {adapters.trained(model, None):,} "
        f"weights, {coded.size:,} token ids, {len(streams['train'].ids):,} tokens to learn from"
    )
    merge = adapters.add(model, chosen.lora) if chosen.lora else None
    setup = setup_of(chosen, streams["train"], streams["validation"])
    rows = loop.Training(model, setup, recipe(chosen), chosen, run).run()
    if merge:
        merge()
    checkpoint.write(run.checkpoint, model)
    coded.write(run.checkpoint)
    curve.write(run.curve, rows)


def start(chosen: TextGenerationTrain, texts: Sequence[str]) -> tuple[Decoder, Codec]:
    """Return the network before training and its tokenizer: pretrained, or fresh and learned.

    Raises:
        SettingsError: no network has these sizes; the pretrained checkpoint can't be taken.

    """
    if chosen.network == "gpt":
        coded = codec.learned(chosen.tokenizer, texts, chosen.vocabulary)
        return Decoder(sizes_of(chosen, coded)), coded
    return pretrained.start(chosen)


def sizes_of(chosen: TextGenerationTrain, coded: Codec) -> Sizes:
    """Return the sizes of the network that the settings name, for a tokenizer."""
    return Sizes(
        vocabulary=coded.size,
        layers=chosen.layers,
        heads=chosen.heads,
        width=chosen.width,
        context=chosen.context,
        dropout=chosen.dropout,
    )


def recipe(chosen: TextGenerationTrain) -> Recipe:
    """Return the optimiser that the settings name, under a cosine schedule with warm-up."""
    makers = {"muon": _muon, "adamw": _adamw}
    return Recipe(
        optimiser=partial(makers[chosen.optimiser], chosen),
        schedule=partial(warmup_then_cosine, warmup=chosen.warmup, final=chosen.final_rate),
    )


def _muon(chosen: TextGenerationTrain, model: nn.Module) -> torch.optim.Optimizer:
    blocks = model.get_submodule("blocks")
    return muon_adamw(
        model,
        blocks,
        chosen.learning_rate,
        chosen.weight_decay,
        in_bf16=in_bf16(chosen.precision),
    )


def _adamw(chosen: TextGenerationTrain, model: nn.Module) -> torch.optim.Optimizer:
    return adamw(model, chosen.learning_rate, chosen.weight_decay)


def setup_of(
    chosen: TextGenerationTrain, learned: PackedTokens, held_out: PackedTokens
) -> loop.TrainingSetup:
    """Return what is learned: in each window, every next token."""

    def collate(windows: list[int], epoch: int) -> dict[str, torch.Tensor]:
        return {"ids": learned.batch(windows, chosen.seed, epoch)}

    return loop.TrainingSetup(
        batches=lambda epoch: learned.batches(chosen.batch_size, chosen.seed, epoch),
        collate=collate,
        loss=lambda model, batch: loss(model, batch["ids"]),
        validate=lambda model: scores(model, held_out, chosen.batch_size),
        size=lambda batch: batch["ids"][:, 1:].numel(),
        selection=loop.Selection("validation_loss", "loss", higher_is_better=False),
        accumulate=chosen.accumulate,
    )


def loss(model: nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """Return the mean cost of the next token, in nats, of ids (batch, length + 1)."""
    logits = model(ids[:, :-1]).float()
    return functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


def scores(model: nn.Module, held_out: PackedTokens, batch_size: int) -> dict[str, float]:
    """Return nats a token, and bits a byte, of windows that know nothing of what is before them."""
    device = next(model.parameters()).device
    nats = tokens = 0.0
    with torch.inference_mode():
        for ids in held_out.held_out(batch_size):
            count = ids[:, 1:].numel()
            nats += float(loss(model, ids.to(device))) * count
            tokens += count
    return {
        "validation_loss": nats / tokens,
        "validation_bits_per_byte": nats / math.log(2) / held_out.bytes,
    }
