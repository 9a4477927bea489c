"""The int8 form of a decoder: the most sensitive layers stay in fp32 if they have to.

Reads and writes nothing but what it is given. A few linear layers cost most of what int8
costs: in large decoders some numbers of the activations are many times the others (Dettmers et al.,
"LLM.int8()", NeurIPS 2022), and a row's scale is that of its greatest number.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.gateways import onnx as gateway
from assay.progress import say
from assay.tasks.text_generation.compared import Exported
from assay.tasks.text_generation.sensitivity import sensitivities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import numpy as np
    import onnx

    from assay.tasks.text_generation.compared import Compared
    from assay.tasks.text_generation.network import Decoder

# Tokens of the compared documents on which layers are ranked.
RANKED_TOKENS = 2048
# Shares of the linear layers that stay in fp32, tried one after another.
SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)


@dataclass(frozen=True)
class Quantized:
    """The int8 form, and how many of its linear layers are in fp32 all the same.

    Attributes:
        graph: the form.
        kept: how many layers are in fp32.
        layers: of how many; 0 where none is.

    """

    graph: Exported
    kept: int = 0
    layers: int = 0


def quantized(
    model: Decoder,
    traced: onnx.ModelProto,
    about: Mapping[str, str],
    compared: Compared,
    *,
    threads: int,
    accepts: Callable[[float], bool],
) -> Quantized:
    """Return the int8 form with the fewest layers in fp32 whose bits per byte are accepted.

    Where none is, the last that was tried: with half of the layers in fp32.

    Args:
        model: the network.
        traced: its graph in fp32.
        about: the metadata of what is written.
        compared: the documents whose bits per byte are asked for.
        threads: of the measuring.
        accepts: whether so many bits per byte are few enough.

    """

    def measured(kept: frozenset[str] = frozenset()) -> Exported:
        content = gateway.serialize(gateway.quantize_dynamic(traced, kept), about)
        return Exported.measured(content, compared, threads)

    found = Quantized(measured())
    if accepts(found.graph.bits):
        return found
    order = ranked(model, traced, compared)
    # Of few layers, two shares may be the same number.
    for count in dict.fromkeys(max(1, round(share * len(order))) for share in SHARES):
        found = Quantized(measured(frozenset(order[:count])), count, len(order))
        say(
            f"export: int8 with {found.kept} of {found.layers} linear layers in fp32: "
            f"{found.graph.bits:.4f} bits per byte"
        )
        if accepts(found.graph.bits):
            break
    return found


def ranked(model: Decoder, traced: onnx.ModelProto, compared: Compared) -> list[str]:
    """Return the linear layers by their outputs' names in the graph, the most sensitive one first.

    The graph's products have no names of layers: they are matched by their weights.
    """
    length = min(compared.context, compared.tokens, RANKED_TOKENS)
    found = sensitivities(model, compared.windows(length, RANKED_TOKENS // length))
    layers = dict(model.named_modules())
    by_weights = {_digest(layers[name].weight.detach().numpy()): found[name] for name in found}
    own = {name: by_weights[_digest(each.T)] for name, each in gateway.product_weights(traced)}
    return sorted(own, key=lambda name: (-own[name], name))


def _digest(weights: np.ndarray[Any, Any]) -> bytes:
    return hashlib.sha256(weights.tobytes()).digest()
