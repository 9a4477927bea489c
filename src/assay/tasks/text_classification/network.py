"""BERT with a classification head, from a checkpoint's folder.

Reads a checkpoint folder; writes one. transformers' ``BertForSequenceClassification``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

from assay.errors import SettingsError
from assay.modalities.text.encoding import LENGTH_STEP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
)


def load(folder: Path, labels: Sequence[str], dropout: float, *, new_head: bool = False) -> Any:
    """Return the network in fp32 with a head for ``labels``, ready to learn or to export.

    ``new_head``: a head that the checkpoint has for other labels is replaced by a fresh one.

    Raises:
        SettingsError: the checkpoint is no BERT.

    """
    config = BertConfig.from_pretrained(folder)
    if config.model_type != "bert":
        raise SettingsError(
            f"the checkpoint in {folder} is a {config.model_type!r} network",
            expected="model_type 'bert'",
            cure="name a BERT checkpoint, such as bert-base-chinese or bert-base-uncased",
        )
    config.num_labels = len(labels)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: place for place, label in enumerate(labels)}
    config.hidden_dropout_prob = dropout
    config.attention_probs_dropout_prob = dropout
    return BertForSequenceClassification.from_pretrained(
        folder,
        config=config,
        # On processors the plain product beats the fused kernel; on GPUs it is the other way.
        attn_implementation="sdpa" if torch.cuda.is_available() else "eager",
        dtype=torch.float32,
        use_safetensors=True,
        ignore_mismatched_sizes=new_head,
    )


def require_length(model: Any, max_length: int) -> None:
    """Refuse texts that are longer than the network has positions for.

    Raises:
        SettingsError: ``train.max_length`` is too large for this checkpoint.

    """
    positions = model.config.max_position_embeddings
    if max_length > positions // LENGTH_STEP * LENGTH_STEP:
        raise SettingsError(
            f"train.max_length is {max_length}, and the checkpoint has {positions} positions",
            expected=f"at most {positions // LENGTH_STEP * LENGTH_STEP}",
            cure="lower train.max_length in params.yaml",
        )


def save(model: Any, source: Path, target: Path) -> None:
    """Write weights, config and the source checkpoint's tokenizer; equal weights, equal bytes."""
    target.mkdir(parents=True)
    weights = {name: value.contiguous() for name, value in sorted(model.state_dict().items())}
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_diff_dict() | {"architectures": [type(model).__name__]}
    config.pop("_name_or_path", None)
    model.config.__class__.from_dict(config).to_json_file(target / "config.json")
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def loss(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the batch's mean cross entropy with classes or target probabilities, in fp32."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return torch.nn.functional.cross_entropy(logits.float(), batch["labels"])
