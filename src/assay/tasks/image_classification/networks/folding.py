"""Batch norms folded into the convolutions before them: fewer steps, and one scale to quantise.

Reads and writes nothing. In evaluation a batch norm is one factor and one shift a channel, which
the convolution's filters and biases can bear themselves.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold(network: nn.Module) -> nn.Module:
    """Return a copy in which each module's ``normalization`` is part of its ``convolution``.

    A max-pool that stands between them changes places with the norm, which is no change while the
    norm's factors are positive.
    """
    folded = copy.deepcopy(network).eval()
    for module in folded.modules():
        convolution = getattr(module, "convolution", None)
        norm = getattr(module, "normalization", None)
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            if hasattr(module, "pool") and not bool(torch.all(norm.weight > 0)):
                continue
            module.convolution = fuse_conv_bn_eval(convolution, norm)
            module.normalization = nn.Identity()
    return folded
