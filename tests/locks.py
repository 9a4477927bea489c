"""``dvc.lock`` as DVC leaves it, of outputs that a test wrote in place of the stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from assay.gateways.versioning.lockfile import md5_of


def record(model: str) -> None:
    """Record each output of ``model`` that is there, and what each stage read of them."""
    stages = YAML(typ="safe").load(Path("dvc.yaml"))["stages"]
    path = Path("dvc.lock")
    new: dict[str, Any] = {"schema": "2.0", "stages": {}}
    lock = json.loads(path.read_text()) if path.exists() else new
    for name, stage in stages.items():
        body = stage["do"]
        entries = [*body["outs"], *body.get("metrics", ()), *body.get("plots", ())]
        lock["stages"][f"{name}@{model}"] = {
            "cmd": body["cmd"],
            "deps": _digests(body["deps"], model, "src/", "data/inbox"),
            "outs": _digests(entries, model),
        }
    path.write_text(json.dumps(lock))  # JSON is YAML


def _digests(entries: list[Any], model: str, *but: str) -> list[dict[str, str]]:
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
    paths = [Path(name.replace("${key}", model)) for name in names if not name.startswith(but)]
    there = [path for path in paths if path.exists()]
    return [{"path": path.as_posix(), "hash": "md5", "md5": md5_of(path)} for path in there]
