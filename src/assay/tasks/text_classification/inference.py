"""What a torch network answers to many texts: logits, or what its head reads.

Reads and writes nothing. Batches are of like length, so that little is padded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from assay.progress import Progress

if TYPE_CHECKING:
    from assay.modalities.text.encoding import Encoding
    from assay.tasks.text_classification.network import TextClassifier
    from assay.tasks.text_classification.networks import TextNetwork

BATCH = 64


def logits(
    model: TextNetwork,
    encoding: Encoding,
    batch_size: int = BATCH,
    progress: Progress | None = None,
) -> torch.Tensor:
    """Return float32 logits (rows, classes), in the rows' order."""
    device = next(model.parameters()).device
    answer = torch.zeros(len(encoding.ids), model.classifier.out_features)
    with torch.inference_mode():
        for rows, feeds in encoding.batches(batch_size, tokens=None):
            batch = {name: torch.from_numpy(array).to(device) for name, array in feeds.items()}
            answer[rows] = model(**batch).float().cpu()
            if progress:
                progress.advance(len(rows))
    return answer


def features(model: TextClassifier, encoding: Encoding, *, bf16: bool = False) -> torch.Tensor:
    """Return what the head of a network reads, float32 (rows, width), in the rows' order."""
    device = next(model.parameters()).device
    answer = torch.zeros(len(encoding.ids), model.config.hidden_size)
    model.eval()
    with (
        torch.no_grad(),
        torch.autocast(device.type, torch.bfloat16, enabled=bf16),
        Progress("features of the frozen encoder", len(encoding.ids)) as bar,
    ):
        for rows, feeds in encoding.batches(BATCH, tokens=None):
            batch = {name: torch.from_numpy(array).to(device) for name, array in feeds.items()}
            answer[rows] = model.pooled(**batch).float().cpu()
            bar.advance(len(rows))
    return answer
