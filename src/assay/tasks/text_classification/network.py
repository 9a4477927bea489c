"""BERT with a classification head, from a checkpoint's folder.

Reads a checkpoint folder; writes one. With ``pooling: cls`` it is transformers' own
``BertForSequenceClassification``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertPreTrainedModel,
)
from transformers.modeling_outputs import SequenceClassifierOutput

from assay.errors import SettingsError
from assay.modalities.text.encoding import LENGTH_STEP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from assay.tasks.text_classification.settings import Pooling

INPUTS = ("input_ids", "attention_mask")
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
)


class MeanPooledBert(BertPreTrainedModel):  # type: ignore[no-untyped-call]
    """BERT whose head reads the mean of a text's last hidden states.

    What sentence encoders were trained with (Reimers and Gurevych, "Sentence-BERT", EMNLP 2019);
    named as transformers names the parts of its own ``BertForSequenceClassification``.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dropout = torch.nn.Dropout(config.hidden_dropout_prob)
        self.classifier = torch.nn.Linear(config.hidden_size, len(config.id2label or {}))
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_: Any
    ) -> SequenceClassifierOutput:
        """Return logits (batch, classes) of token ids and mask (batch, length)."""
        pooled = self.pooled(input_ids, attention_mask)
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(pooled)))

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the mean over a text's tokens, padding left out, (batch, width)."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)  # (B, L, 1)
        mean: torch.Tensor = (states * mask).sum(1) / mask.sum(1)
        return mean


def load(
    folder: Path,
    labels: Sequence[str],
    pooling: Pooling,
    dropout: float,
    *,
    new_head: bool = False,
) -> Any:
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
    kind = MeanPooledBert if pooling == "mean" else BertForSequenceClassification
    return kind.from_pretrained(
        folder,
        config=config,
        # On processors the plain product beats the fused kernel; on GPUs it is the other way.
        attn_implementation="sdpa" if torch.cuda.is_available() else "eager",
        dtype=torch.float32,
        use_safetensors=True,
        ignore_mismatched_sizes=new_head,
    )


def features(model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return what the head reads, (batch, width): the pooled states, without dropout."""
    inputs = {name: batch[name] for name in INPUTS}
    if isinstance(model, MeanPooledBert):
        return model.pooled(**inputs)
    pooled: torch.Tensor = model.bert(**inputs).pooler_output
    return pooled


def set_head(model: Any, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """Put a linear probe, (classes, width) and (classes,), in the place of the head."""
    with torch.no_grad():
        model.classifier.weight.copy_(weight)
        model.classifier.bias.copy_(bias)


def freeze_embeddings(model: Any) -> None:
    """Keep the embeddings of tokens and positions as they are."""
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad_(requires_grad=False)


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
