"""What a classifier answers, as tensors.

Reads and writes nothing. Which outputs a request may ask for is checked before the model is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.serving.protocol.tensors import Port, Tensor, of_bytes
from assay.serving.protocol.words import quoted
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.classifier import Answers
    from assay.bundle.manifest import Manifest
    from assay.serving.protocol.request import InferRequest, RequestedOutput
    from assay.serving.protocol.tensors import Values

LABEL, SCORE, PROBABILITIES, IN_SCOPE = "label", "score", "probabilities", "in_scope"


@dataclass(frozen=True)
class Outputs:
    """The outputs of a classifier.

    Attributes:
        labels: the classes in the order of its probabilities.
        scoped: whether it tells which inputs belong to no class.

    """

    labels: tuple[str, ...]
    scoped: bool

    @classmethod
    def of(cls, manifest: Manifest) -> Outputs:
        """Return those of a bundle."""
        return cls(manifest.labels, manifest.threshold is not None)

    @property
    def ports(self) -> tuple[Port, ...]:
        """What the model's metadata says of them."""
        scope = (Port(IN_SCOPE, "BOOL", (-1,)),) if self.scoped else ()
        return (
            Port(LABEL, "BYTES", (-1,)),
            Port(SCORE, "FP32", (-1,)),
            Port(PROBABILITIES, "FP32", (-1, len(self.labels))),
            *scope,
        )

    def require(self, request: InferRequest) -> None:
        """Refuse a request for outputs that are not there.

        Raises:
            BadRequest: it names another output, or wants classes of one that has none.

        """
        require_outputs(request, [port.name for port in self.ports], classified=PROBABILITIES)

    def tensors(self, answers: Answers, request: InferRequest) -> tuple[Tensor, ...]:
        """Return the outputs that a request asks for, in its order; all if it names none."""
        if request.outputs:
            return tuple(self._tensor(answers, asked) for asked in request.outputs)
        return tuple(self._made(answers, port, request.binary) for port in self.ports)

    def _tensor(self, answers: Answers, asked: RequestedOutput) -> Tensor:
        if asked.classes:
            best = self._best(answers.probabilities, min(asked.classes, len(self.labels)))
            return Tensor(asked.name, "BYTES", best, asked.binary)
        port = next(port for port in self.ports if port.name == asked.name)
        return self._made(answers, port, asked.binary)

    def _made(self, answers: Answers, port: Port, binary: bool) -> Tensor:
        values: Values
        match port.name:
            case "label":
                best = answers.probabilities.argmax(axis=1).tolist()
                values = of_bytes([self.labels[place].encode() for place in best], (len(best),))
            case "score":
                values = answers.probabilities.max(axis=1).astype(np.float32)
            case "probabilities":
                values = answers.probabilities.astype(np.float32)
            case _:
                values = ~answers.out_of_scope
        return Tensor(port.name, port.datatype, values, binary)

    def _best(self, probabilities: Values, count: int) -> Values:
        """Return the best classes of each row, (rows, count), as Triton writes them.

        Each is ``value:index:label`` (Triton's classification extension).
        """
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
        written = [
            f"{probabilities[row, place]:f}:{place}:{self.labels[place]}".encode()
            for row, places in enumerate(order.tolist())
            for place in places
        ]
        return of_bytes(written, order.shape)


def require_outputs(request: InferRequest, names: Sequence[str], *, classified: str | None) -> None:
    """Refuse a request for outputs that are not among ``names``.

    ``classified``: the one whose best classes may be asked for; None: there is none.

    Raises:
        BadRequest: it names another output, or wants classes of one that has none.

    """
    for asked in request.outputs:
        if asked.name not in names:
            raise BadRequest(
                f"there is no output {quoted(asked.name)}; expected some of {', '.join(names)}"
            )
        if asked.classes and asked.name != classified:
            raise BadRequest(
                f"classification is asked of output {asked.name}; expected it of "
                f"{classified or 'classifiers'} alone"
            )
