"""``params.yaml`` as a whole: every model by its name, each with its task's block.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.settings.image import ImageModel
from assay.settings.schema import MODEL_NAME, Block, Model
from assay.settings.text import TextModel

# The block of each task, by the task's name.
BLOCKS: dict[str, type[Model]] = {
    "text-classification": TextModel,
    "image-classification": ImageModel,
}


class Params(Block):
    """The whole file."""

    models: dict[
        Annotated[str, Field(pattern=MODEL_NAME)],
        Annotated[TextModel | ImageModel, Field(discriminator="task")],
    ]
