"""A pipeline of two stages, the second of which can be held, and what its tests look at."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipelines import INGEST

if TYPE_CHECKING:
    from collections.abc import Callable


PARAMS = """\
models:
  tiny:
    data: text
    task: classification
    labels: [good, bad]
  tiny-two:
    data: text
    task: classification
    labels: [good, bad]
"""


# `ingest` is the real stage. `train` copies its table for as long as the file `hold` is there: a
# training that can be caught in the act. It dies with its parent in the way every stage does.
PIPELINE = (
    INGEST
    + """\
  train:
    foreach: ${models}
    do:
      cmd: python train.py ${key}
      deps:
        - data/raw/${key}.parquet
      outs:
        - models/${key}
"""
)


TRAIN = """\
import os, pathlib, sys, time
from assay.stages import __main__ as stage
stage._die_with_parent()
folder = pathlib.Path("models") / sys.argv[1]
folder.mkdir(parents=True)
print("training", sys.argv[1])
pathlib.Path("stage.pid").write_text(f"{os.getpid()} {os.getppid()}")
step = 0
while pathlib.Path("hold").exists():
    step += 1
    pathlib.Path("steps").write_text(str(step))
    time.sleep(0.02)
(folder / "sub").mkdir()
raw = pathlib.Path("data/raw") / f"{sys.argv[1]}.parquet"
(folder / "sub" / "weights").write_bytes(raw.read_bytes())
(folder / "b").write_text("b")
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")


def build(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for model in ("tiny", "tiny-two"):
        inbox = root / "data/inbox" / model
        inbox.mkdir(parents=True)
        (inbox / "rows.csv").write_text("text,label\nfine,good\npoor,bad\n")
    (root / "params.yaml").write_text(PARAMS)
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "train.py").write_text(TRAIN)
    (root / ".gitignore").write_text(".assay/\n")
    monkeypatch.chdir(root)
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], check=True)
    return root


def commit_all() -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "--message", "first"], check=True)


def start(target: str) -> subprocess.Popen[str]:
    """Call ``reproduce`` in a process of its own, as ``assay run`` does."""
    call = f"from assay.gateways import versioning; versioning.reproduce({target!r})"
    return subprocess.Popen(
        [sys.executable, "-c", call], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "nothing happened for two minutes"
        time.sleep(0.05)


def alive(process: int) -> bool:
    """Whether a process exists and is more than an entry that nobody has collected."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"
