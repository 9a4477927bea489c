"""Names and versions of models in paths: what one may look like. Reads and writes nothing.

What does not look so is refused before anything is looked up by it: a name never becomes a path.
"""

from __future__ import annotations

import re

from assay.serving.protocol.words import quoted
from assay.serving.refusals import NotFound
from assay.settings.schema import MODEL_NAME

# What ServedModel.label says: a release's number, or the bundle of the workspace.
VERSION = r"^([1-9][0-9]{0,8}|workspace)$"


def require_model(name: str) -> str:
    """Return a model's name.

    Raises:
        NotFound: no model can have it.

    """
    if re.fullmatch(MODEL_NAME, name):
        return name
    raise NotFound(
        f"there is no model {quoted(name)}; expected lower-case letters, digits, - and _ alone"
    )


def require_version(version: str) -> str:
    """Return a model's version.

    Raises:
        NotFound: no model can have it.

    """
    if re.fullmatch(VERSION, version):
        return version
    raise NotFound(f"there is no version {quoted(version)}; expected a whole number of 1 or more")
