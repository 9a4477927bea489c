"""A pretrained encoder with a classification head, from a checkpoint's folder.

Reads a checkpoint folder; writes one. Its tensors have the names that transformers gives them, so
that its own classes read the encoder.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoModel

from assay.errors import SettingsError
from assay.modalities.text.encoding import LENGTH_STEP
from assay.tasks.text_classification import architectures, checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from assay.tasks.text_classification.settings import Pooling

INPUTS = ("input_ids", "attention_mask")
# What describes a tokenizer to transformers, beside its own file.
TOKENIZER_FILES = ("tokenizer_config.json", "special_tokens_map.json")
ENCODER, HEAD = "encoder.", "classifier.weight"


class TextClassifier(torch.nn.Module):
    """An encoder whose head reads one vector a text.

    With ``pooling: mean`` it is the mean of the text's last hidden states, what sentence encoders
    were trained with (Reimers and Gurevych, "Sentence-BERT", EMNLP 2019); with ``cls`` the state of
    the first token, behind the pooler that came with the checkpoint, if one did.
    """

    def __init__(
        self, encoder: Any, labels: Sequence[str], pooling: Pooling, dropout: float
    ) -> None:
        super().__init__()
        self.encoder, self.config, self.pooling = encoder, encoder.config, pooling
        self.config.num_labels = len(labels)
        self.config.id2label = dict(enumerate(labels))
        self.config.label2id = {label: place for place, label in enumerate(labels)}
        self.dropout = torch.nn.Dropout(dropout)
        self.classifier = torch.nn.Linear(self.config.hidden_size, len(labels))
        torch.nn.init.normal_(self.classifier.weight, std=self.config.initializer_range)
        torch.nn.init.zeros_(self.classifier.bias)

    @property
    def vocabulary(self) -> int:
        """How many token ids there are."""
        return int(self.config.vocab_size)

    @property
    def longest(self) -> int:
        """How many tokens the encoder has positions for."""
        return architectures.positions(self.config)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of token ids and mask (batch, length)."""
        return self.head(self.pooled(input_ids, attention_mask))

    def head(self, pooled: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of what :meth:`pooled` returned."""
        logits: torch.Tensor = self.classifier(self.dropout(pooled))
        return logits

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return what the head reads, (batch, width); padding is left out."""
        found = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        states: torch.Tensor = found.last_hidden_state  # (B, L, width)
        if self.pooling == "cls":
            own: torch.Tensor | None = getattr(found, "pooler_output", None)
            return states[:, 0] if own is None else own
        mask = attention_mask.unsqueeze(-1).to(states.dtype)  # (B, L, 1)
        return (states * mask).sum(1) / mask.sum(1)


def pretrained(
    folder: Path, labels: Sequence[str], pooling: Pooling, dropout: float
) -> TextClassifier:
    """Return a pretrained encoder in fp32 with a fresh head for ``labels``, ready to learn.

    Raises:
        SettingsError: the checkpoint is of no architecture that is known here.

    """
    config = _config(folder, dropout)
    options = _options(folder, config, pooling)
    encoder = AutoModel.from_pretrained(
        folder, config=config, dtype=torch.float32, use_safetensors=True, **options
    )
    return TextClassifier(encoder, labels, pooling, dropout)


def trained(folder: Path, labels: Sequence[str], pooling: Pooling) -> TextClassifier:
    """Return what :func:`save` wrote, without dropout, ready to be exported or asked."""
    config = _config(folder, dropout=0.0)
    encoder: Any = AutoModel.from_config(config, **_options(folder, config, pooling))  # type: ignore[no-untyped-call]
    model = TextClassifier(encoder.float(), labels, pooling, dropout=0.0)
    prefix = f"{encoder.base_model_prefix}."
    stored = checkpoint.weights(folder)
    model.load_state_dict({_renamed(name, prefix, ENCODER): v for name, v in stored.items()})
    return model.eval()


def _config(folder: Path, dropout: float) -> Any:
    config = AutoConfig.from_pretrained(folder)
    for name in architectures.of(config, folder).dropouts:
        setattr(config, name, dropout)
    return config


def _options(folder: Path, config: Any, pooling: Pooling) -> dict[str, Any]:
    """Return how transformers builds the encoder."""
    # On processors the plain product beats the fused kernel; on GPUs it is the other way.
    options = {"attn_implementation": "sdpa" if torch.cuda.is_available() else "eager"}
    if config.model_type in ("bert", "roberta", "xlm-roberta"):
        # A pooler that the checkpoint lacks would be made of random numbers.
        return options | {"add_pooling_layer": pooling == "cls" and _has_pooler(folder)}
    return options


def _has_pooler(folder: Path) -> bool:
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="pt") as stored:
            if any(name.endswith("pooler.dense.weight") for name in stored.keys()):  # noqa: SIM118
                return True
    return False


def set_head(model: TextClassifier, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """Put a linear probe, (classes, width) and (classes,), in the place of the head."""
    with torch.no_grad():
        model.classifier.weight.copy_(weight)
        model.classifier.bias.copy_(bias)


def freeze_embeddings(model: TextClassifier) -> None:
    """Keep the embeddings of tokens and positions as they are."""
    for parameter in model.encoder.embeddings.parameters():
        parameter.requires_grad_(requires_grad=False)


def require_length(model: TextClassifier, max_length: int) -> None:
    """Refuse texts that are longer than the network has positions for.

    Raises:
        SettingsError: ``train.max_length`` is too large for this checkpoint.

    """
    positions = architectures.positions(model.config)
    if max_length > positions // LENGTH_STEP * LENGTH_STEP:
        raise SettingsError(
            f"train.max_length is {max_length}, and the checkpoint has {positions} positions",
            expected=f"at most {positions // LENGTH_STEP * LENGTH_STEP}",
            cure="lower train.max_length in params.yaml",
        )


def save(model: TextClassifier, tokenizer: str, source: Path, target: Path) -> None:
    """Write weights, config and tokenizer (its JSON); equal weights, equal bytes.

    ``source``: the folder of the pretrained checkpoint, which describes the tokenizer.
    """
    prefix = f"{model.encoder.base_model_prefix}."
    weights = {_renamed(name, ENCODER, prefix): v for name, v in model.state_dict().items()}
    checkpoint.write(target, weights, tokenizer)
    config = model.config.to_diff_dict() | {"architectures": [type(model.encoder).__name__]}
    config.pop("_name_or_path", None)
    model.config.__class__.from_dict(config).to_json_file(target / "config.json")
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def loss(
    model: torch.nn.Module,
    batch: Mapping[str, torch.Tensor],
    class_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the batch's mean cross entropy with classes or target probabilities, in fp32.

    ``class_weights``: what the loss of each class is multiplied by, (classes,).
    """
    return cross_entropy(logits(model, batch), batch["labels"], class_weights)


def logits(model: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the network's logits of a batch, float32 (rows, classes)."""
    found: torch.Tensor = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
    )
    return found.float()


def cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, class_weights: torch.Tensor | None
) -> torch.Tensor:
    """Return the mean cross entropy of logits (rows, classes) with classes or probabilities."""
    weight = None if class_weights is None else class_weights.to(logits.device)
    return torch.nn.functional.cross_entropy(logits, targets, weight=weight)


def _renamed(name: str, old: str, new: str) -> str:
    return new + name.removeprefix(old) if name.startswith(old) else name
