"""How much each part of an input carried a classifier's answer: its weight by occlusion.

Reads and writes nothing. The part is left out and the model asked again (Zeiler & Fergus 2014,
https://arxiv.org/abs/1311.2901; Li et al. 2016, https://arxiv.org/abs/1612.08220); its weight is
the fall of the log odds of the class that was predicted. Log odds rather than log probabilities: of
an answer that is nearly sure the probability hardly falls, whatever is left out; between two
classes they are the difference of the logits. Parts that say the same share no weight: either may
be left out, and the other still says it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.bundle.classifier import Classifier

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Of what is shown as marked: so many of an input, each with so much of the greatest's weight.
MARKED, SHARE = 5, 0.2
# Below this a share of probability is none that float32 logits could tell from nothing.
LEAST = 1e-30


def weights(probabilities: Floats) -> Floats:
    """Return the weight of each part, float64 of shape (parts,), in nats.

    ``probabilities`` are of shape (1 + parts, classes): of the whole input first, then without each
    part. A positive weight speaks for the class that is predicted of the whole, a negative against.
    """
    best = int(probabilities[0].argmax())
    held = probabilities[:, best]
    others = np.delete(probabilities, best, axis=1).sum(axis=1)
    odds = np.log(np.maximum(held, LEAST)) - np.log(np.maximum(others, LEAST))
    return np.asarray(odds[0] - odds[1:])


def explained(bundle: Classifier, inputs: Iterable[tuple[Any, Sequence[Any]]]) -> Iterator[Floats]:
    """Yield the weights of each input's parts; with an input comes what is left without each.

    All are asked about together, so that batches hold inputs of like length.
    """
    pairs = list(inputs)
    asked = [one for whole, rest in pairs for one in (whole, *rest)]
    found = bundle.predict(asked).probabilities
    start = 0
    for _, rest in pairs:
        end = start + 1 + len(rest)
        yield weights(found[start:end])
        start = end


def strongest(found: Floats) -> list[int]:
    """Return the places of the weights to be marked, in their order."""
    sizes = np.abs(found)
    order = np.argsort(-sizes, kind="stable")[:MARKED]
    least = SHARE * sizes.max(initial=0)
    return sorted(int(place) for place in order if sizes[place] >= least and sizes[place] > 0)
