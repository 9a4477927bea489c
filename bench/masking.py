"""Masked language modelling on the texts of a train split, by Assay's own training loop.

Reads and writes nothing but a temporary folder: what is learned stays in the encoder that is given.
Devlin et al., "BERT", NAACL 2019: 15 % of the tokens are selected; of these 80 % are hidden, 10 %
replaced and 10 % left as they are. Special tokens are never selected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy, linear

from assay.errors import SettingsError
from assay.learning import loop, recipe, seeding
from assay.learning.batching import bucketed
from assay.modalities.text.encoding import TextEncoder, padded
from bench.scratch import training_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.tasks.text_classification.settings import TextTrain

    Tensors = dict[str, torch.Tensor]

SELECTED, HIDDEN, REPLACED = 0.15, 0.8, 0.1
# Of the encoder; the fresh head learns at train.head_rate times this rate.
RATE = 1e-4
NAMES = ("[MASK]", "<mask>")
# Texts, masked once, whose loss is told before the first and after each pass.
LOOKED_AT, LOOK = 256, 10**6
NEVER = 10**9
LOSS = "sample_loss"


class Head(torch.nn.Module):
    """What turns a token's state into logits of all tokens: BERT's transform, then a bias."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        width = config.hidden_size
        self.dense = torch.nn.Linear(width, width)
        self.norm = torch.nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.bias = torch.nn.Parameter(torch.zeros(config.vocab_size))
        torch.nn.init.normal_(self.dense.weight, std=config.initializer_range)
        torch.nn.init.zeros_(self.dense.bias)

    def forward(self, states: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        """Return logits (n, vocabulary) of states (n, width), tied to the word embeddings."""
        transformed = self.norm(torch.nn.functional.gelu(self.dense(states)))
        return linear(transformed, embeddings, self.bias)


class MaskedLanguageModel(torch.nn.Module):
    """An encoder that predicts some tokens of its texts."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder, self.head = encoder, Head(encoder.config)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, places: torch.Tensor
    ) -> torch.Tensor:
        """Return logits (n, vocabulary) at ``places`` (n,) of the flattened (batch, length)."""
        found = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        states = found.last_hidden_state.flatten(0, 1).index_select(0, places)  # (n, width)
        logits: torch.Tensor = self.head(states, self.encoder.get_input_embeddings().weight)
        return logits


class Masking:
    """Texts as token ids, some of which are hidden anew in each pass, from the seed alone."""

    def __init__(self, tokenizer: str, texts: Sequence[str], max_length: int, seed: int) -> None:
        """Encode the texts.

        Raises:
            SettingsError: the tokenizer has no token that hides another.

        """
        known = Tokenizer.from_str(tokenizer)
        found = [place for name in NAMES if (place := known.token_to_id(name)) is not None]
        if not found:
            raise SettingsError(
                "the checkpoint's tokenizer hides no tokens",
                expected=f"one that has {' or '.join(NAMES)}",
                cure="name an encoder in train.checkpoint that was trained on masked texts",
            )
        encode = TextEncoder(tokenizer, max_length)
        self._mask, self._vocabulary, self._seed = found[0], known.get_vocab_size(), seed
        self._specials = encode([""]).ids[0]
        self.ids = encode(texts).ids

    def collate(self, rows: list[int], epoch: int) -> Tensors:
        """Return ids and mask (batch, length), the selected places and their tokens."""
        rng = np.random.default_rng([self._seed, epoch, *rows])
        feeds = padded([self.ids[row] for row in rows])
        ids = feeds["input_ids"].reshape(-1)
        own = (feeds["attention_mask"].reshape(-1) == 1) & ~np.isin(ids, self._specials)
        candidates = np.flatnonzero(own)
        count = max(1, round(SELECTED * len(candidates)))
        places = np.sort(rng.choice(candidates, count, replace=False))
        tokens, drawn = ids[places], rng.random(count)
        others = rng.integers(self._vocabulary, size=count)
        shown = np.where(drawn < HIDDEN, self._mask, tokens)
        ids[places] = np.where(drawn >= 1 - REPLACED, others, shown)
        arrays = {**feeds, "places": places, "labels": tokens}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def loss(model: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the mean cross entropy of the selected tokens, in fp32."""
    logits = model(batch["input_ids"], batch["attention_mask"], batch["places"])
    return cross_entropy(logits.float(), batch["labels"])


@dataclass(frozen=True)
class Learned:
    """The loss on a sample of the texts that are learned from, before and after."""

    before: float
    after: float


def learn(
    encoder: Any, tokenizer: str, texts: Sequence[str], settings: TextTrain, passes: int
) -> Learned:
    """Train ``encoder`` on ``texts``, all its weights, in ``passes`` passes.

    Raises:
        SettingsError: as :class:`Masking`.
        Diverged: the loss is not finite.

    """
    seeding.make_deterministic(settings.seed, settings.threads)
    masking = Masking(tokenizer, texts, settings.max_length, settings.seed)
    changes = {"epochs": passes, "learning_rate": RATE, "checkpoint_every": NEVER}
    plan = settings.model_copy(update=changes)
    model = MaskedLanguageModel(encoder)
    learning = recipe.fine_tuning(plan, model.head, plan.head_rate)
    with training_run() as run:
        rows = loop.Training(model, _setup(masking, plan), learning, plan, run).run()
    losses = [row[LOSS] for row in rows if LOSS in row]
    return Learned(losses[0], losses[-1])


def _setup(masking: Masking, plan: TextTrain) -> loop.TrainingSetup:
    lengths = [len(ids) for ids in masking.ids]
    sample = range(min(LOOKED_AT, len(lengths)))
    looked = [
        masking.collate(list(sample[start : start + plan.batch_size]), LOOK)
        for start in range(0, len(sample), plan.batch_size)
    ]
    return loop.TrainingSetup(
        batches=lambda epoch: bucketed(lengths, plan.batch_size, plan.seed, epoch),
        collate=masking.collate,
        loss=loss,
        validate=lambda model: {LOSS: float(np.mean([float(loss(model, one)) for one in looked]))},
        size=lambda batch: int(batch["attention_mask"].sum()),
        selection=loop.Selection(LOSS, "loss (a sample of the train texts)", False),
        from_good_start=True,
    )
