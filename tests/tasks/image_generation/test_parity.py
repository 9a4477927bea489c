from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import pytest
import torch

from assay.bundle.session import Session
from assay.errors import ParityFailed
from assay.gateways import onnx as gateway
from assay.tasks.image_generation import graph, parity
from assay.tasks.image_generation.prior import Prior
from tests.tasks.image_generation import made

if TYPE_CHECKING:
    from assay.tasks.image_generation.sizes import Sizes

pytestmark = pytest.mark.processor

SIZES = (made.SIZES[0], made.SIZES[2], made.SIZES[3])


@functools.cache
def opened(sizes: Sizes) -> parity.Graphs:
    model = made.trained(sizes)
    graphs = {
        "encoder": graph.encoder(model),
        "decoder": graph.decoder(model),
        "prior": graph.prior(prior(sizes)),
        "weights": graph.weights(model, prior(sizes)),
    }
    return parity.Graphs(
        **{name: Session(gateway.serialize(own, {}), 1) for name, own in graphs.items()}
    )


def prior(sizes: Sizes) -> Prior:
    return Prior(made.mixture(sizes.latents))


@pytest.mark.parametrize("sizes", SIZES)
def test_graphs_of_the_same_weights_agree(sizes: Sizes) -> None:
    largest = parity.grid(made.trained(sizes), prior(sizes), opened(sizes))
    assert 0 < largest < 1e-3


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_network_that_is_another_is_refused(part: str) -> None:
    graphs = opened(SIZES[0])
    for value in (0.01, float("nan")):
        other = copy.deepcopy(made.trained(SIZES[0]))
        with torch.no_grad():
            next(other.get_submodule(part).parameters()).view(-1)[0] += value
        with pytest.raises(ParityFailed, match="differs from torch") as refused:
            parity.grid(other, prior(SIZES[0]), graphs)
        assert "nothing was exported" in refused.value.cure


def test_a_prior_that_is_another_is_refused() -> None:
    with pytest.raises(ParityFailed, match="differs from torch"):
        parity.grid(made.trained(SIZES[0]), made.standard(SIZES[0].latents), opened(SIZES[0]))
