"""What a request of ``…/infer`` or ``/predict`` asks, of whichever kind of model.

Reads a request's body. Writes nothing. A question knows how it is answered, and what becomes of the
answer; what is the same for all of them is in :mod:`assay.serving.routes.predict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from assay.serving.contents import drawings, kinds
from assay.serving.generating.drawer import Drawer
from assay.serving.protocol import pictures, plain
from assay.serving.protocol import request as requests
from assay.serving.protocol.answers import Outputs
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.pictures import Pictures
from assay.serving.protocol.response import InferResponse, render

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from assay.serving.batching import Batcher, Predicted
    from assay.serving.contents.drawings import Drawing
    from assay.serving.generating.drawer import Drawn
    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.protocol.tensors import Tensor
    from assay.serving.repository import Serving

    # The body and the headers of a response.
    Rendered = tuple[bytes, dict[str, str]]


class Computed(Protocol):
    """What a model computed for one request."""

    @property
    def queued(self) -> float:
        """Seconds until it was begun."""

    @property
    def computed(self) -> float:
        """Seconds from then on."""


R = TypeVar("R", bound=Computed)


@dataclass(frozen=True)
class Question(Generic[R]):
    """One request.

    Attributes:
        rows: that are asked for.
        ask: returns what the model computes, begun within so many ``seconds``.
        rendered: what becomes of it.
        size: about how many bytes are rendered, where that takes its time; 0: it takes none.
        timeout: seconds after which the client needs no answer; None: it did not say.
        contents: one a row, for those who keep copies; None: of these answers nobody keeps any.

    """

    rows: int
    ask: Callable[..., Coroutine[Any, Any, R]]
    rendered: Callable[[R], Rendered]
    size: int = 0
    timeout: float | None = None
    contents: list[Any] | None = None


def of_tensors(serving: Serving, length: int | None, body: bytes, limits: Limits) -> Question[Any]:
    """Return what a request of the Open Inference Protocol asks.

    ``length``: of its JSON, as :func:`assay.serving.protocol.request.parse` takes it.

    Raises:
        BadRequest: it is not as the protocol has it, or asks what the model does not answer.
        TooLarge: it asks more than ``limits`` allow.

    """
    work, manifest = serving.drawer or serving.batcher, serving.model.manifest
    parsed = requests.parse(body, length, limits)
    if isinstance(work, Drawer):
        output = Pictures.of(manifest)
        output.require(parsed)
        return _drawing(
            work,
            drawings.of_tensors(parsed, limits),
            output,
            lambda drawn: _tensors(serving, parsed, output.tensors(drawn.images, parsed)),
            parsed.timeout,
        )
    outputs = Outputs.of(manifest)
    outputs.require(parsed)
    return _predicting(
        work,
        kinds.of_bundle(manifest).of_tensors(parsed, limits),
        lambda found: _tensors(serving, parsed, outputs.tensors(found.answers, parsed)),
        parsed.timeout,
    )


def of_json(serving: Serving, body: bytes, limits: Limits) -> Question[Any]:
    """Return what ``{"inputs": [...]}`` asks.

    Raises:
        BadRequest, TooLarge: as :func:`of_tensors`.

    """
    work, manifest = serving.drawer or serving.batcher, serving.model.manifest
    inputs, identity = plain.inputs_of(body), Identity.of(serving.model)
    if isinstance(work, Drawer):
        return _drawing(
            work,
            drawings.of_json(inputs, limits),
            Pictures.of(manifest),
            lambda drawn: pictures.render(drawn.images, identity),
        )
    outputs = Outputs.of(manifest)
    return _predicting(
        work,
        kinds.of_bundle(manifest).of_json(inputs, limits),
        lambda found: plain.render(found.answers, outputs, identity),
    )


def _tensors(serving: Serving, parsed: InferRequest, tensors: tuple[Tensor, ...]) -> Rendered:
    return render(InferResponse(Identity.of(serving.model), tensors, parsed.id))


def _predicting(
    batcher: Batcher,
    contents: list[Any],
    rendered: Callable[[Predicted], Rendered],
    timeout: float | None = None,
) -> Question[Predicted]:
    ask = partial(batcher.predict, contents)
    return Question(len(contents), ask, rendered, timeout=timeout, contents=contents)


def _drawing(
    drawer: Drawer,
    drawing: Drawing,
    output: Pictures,
    rendered: Callable[[Drawn], Rendered],
    timeout: float | None = None,
) -> Question[Drawn]:
    size = drawing.count * output.size
    return Question(drawing.count, partial(drawer.draw, drawing), rendered, size, timeout)
