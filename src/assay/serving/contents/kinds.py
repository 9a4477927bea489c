"""Which inputs a bundle takes from clients, by its modality. Reads and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from assay.serving.contents.images import Images
from assay.serving.contents.texts import Texts
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.manifest import Manifest
    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.protocol.tensors import Port


class Contents(Protocol):
    """What turns requests into what ``Classifier.predict`` takes."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """The inputs of the model, as its metadata has them."""

    def of_tensors(self, request: InferRequest, limits: Limits) -> list[Any]:
        """Return what the inputs of a request hold, one content a row.

        Raises:
            BadRequest: an input is missing, unknown, of another shape or type, or can't be read.
            TooLarge: they are more than ``limits`` allow.

        """

    def of_json(self, inputs: Sequence[object], limits: Limits) -> list[Any]:
        """Return what the inputs of ``/predict`` hold, one content an input.

        Raises:
            BadRequest, TooLarge: as :meth:`of_tensors`.

        """


def of_bundle(manifest: Manifest) -> Contents:
    """Return the inputs of a classifier's bundle.

    Raises:
        BadRequest: the bundle is one of a generator.

    """
    if not manifest.labels:
        raise BadRequest(
            f"{manifest.model} is a model of {manifest.task}: it labels nothing; expected a "
            "request to its own routes"
        )
    match manifest.data:
        case "image":
            return Images(manifest.number("channels"))
        case "table":
            # It needs pandas, which a server of texts and images does without.
            from assay.serving.contents.rows import Rows

            return Rows(*(manifest.names(name) for name in ("numbers", "categories", "missing")))
        case _:
            return Texts()
