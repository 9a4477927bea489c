"""What a request of ``…/infer`` or ``/predict`` asks, of whichever kind of model.

Reads a request's body. Writes nothing. A question knows how it is answered, and what becomes of the
answer; what is the same for all of them is in :mod:`assay.serving.routes.predict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from assay.serving.contents import drawings, kinds
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
    from assay.serving.generating.drawer import Drawer, Drawn
    from assay.serving.protocol.limits import Limits
    from assay.serving.repository import Serving
    from assay.serving.served import ServedModel

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
    if serving.drawer:
        return _images_as_tensor(serving.drawer, serving.model, length, body, limits)
    return _labels_as_tensors(serving.batcher, serving.model, length, body, limits)


def of_json(serving: Serving, body: bytes, limits: Limits) -> Question[Any]:
    """Return what ``{"inputs": [...]}`` asks.

    Raises:
        BadRequest, TooLarge: as :func:`of_tensors`.

    """
    identity, manifest = Identity.of(serving.model), serving.model.manifest
    if serving.drawer:
        drawing = drawings.of_json(plain.inputs_of(body), limits)
        return _drawing(
            serving.drawer,
            drawing,
            Pictures.of(manifest),
            lambda drawn: pictures.render(drawn.images, identity),
        )
    batcher, outputs = serving.batcher, Outputs.of(manifest)
    contents = kinds.of_bundle(manifest).of_json(plain.inputs_of(body), limits)
    return _predicting(
        batcher, contents, lambda predicted: plain.render(predicted.answers, outputs, identity)
    )


def _labels_as_tensors(
    batcher: Batcher, model: ServedModel, length: int | None, body: bytes, limits: Limits
) -> Question[Predicted]:
    parsed = requests.parse(body, length, limits)
    outputs = Outputs.of(model.manifest)
    outputs.require(parsed)

    def rendered(predicted: Predicted) -> Rendered:
        tensors = outputs.tensors(predicted.answers, parsed)
        return render(InferResponse(Identity.of(model), tensors, parsed.id))

    contents = kinds.of_bundle(model.manifest).of_tensors(parsed, limits)
    return _predicting(batcher, contents, rendered, parsed.timeout)


def _images_as_tensor(
    drawer: Drawer, model: ServedModel, length: int | None, body: bytes, limits: Limits
) -> Question[Drawn]:
    parsed = requests.parse(body, length, limits)
    output = Pictures.of(model.manifest)
    output.require(parsed)

    def rendered(drawn: Drawn) -> Rendered:
        tensors = output.tensors(drawn.images, parsed)
        return render(InferResponse(Identity.of(model), tensors, parsed.id))

    drawing = drawings.of_tensors(parsed, limits)
    return _drawing(drawer, drawing, output, rendered, parsed.timeout)


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
