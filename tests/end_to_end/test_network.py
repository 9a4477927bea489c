"""A whole run asks nothing of the network, and leaves in the user's home what the docs name.

Every command runs where each packet is seen (:mod:`tests.network`), without one of the switches
that the tests themselves are started with, and with an empty folder as its home.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay import environment
from tests.conftest import ROOT, settings
from tests.made import texts
from tests.network import watched
from tests.services.project import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Project

TELEMETRY = "mobile.events.data.microsoft.com"
# onnxruntime sends about nine seconds after it was loaded: processes of a small run end earlier.
HOLD = 15
OPEN = f"""
import pathlib, time
from assay.tasks.bundles import open_classifier
print(open_classifier(pathlib.Path("models/opinions/bundle")).labels)
time.sleep({HOLD})
"""
GRAPH = f"""
import time
from onnx import TensorProto, helper
from assay.bundle.session import Session
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "small", [x], [y])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
print(Session(model.SerializeToString(), 1).provider)
time.sleep({HOLD})
"""
# A retraining through Prefect calls every stage and the registry; then what a user types.
RUN = """
set -e
trap 'python -m assay.services down' EXIT
python -m assay.services up
prefect deployment run retrain/opinions --watch
python open.py &
assay run opinions
assay track opinions
assay predict opinions 'a great film'
wait $!
"""
# What operations.md says is kept in the home folder.
ANNOUNCED = (".cache/matplotlib/",)


# onnxruntime looks for these, to tell its makers that it runs in a test.
CI = {"CI", "GITHUB_ACTIONS", "JENKINS_URL", "TF_BUILD"}
# What tests are started with beside Assay's switches.
OWN = CI | {"ASSAY_LIVE_TRACKING", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}


@pytest.fixture
def home() -> Iterator[Path]:
    # Its name is short: below a long one onnxruntime keeps nothing, and sends nothing.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def users(project: Project, home: Path, **more: str) -> dict[str, str]:
    """Return a user's environment: none of Assay's switches is set."""
    found = project.environment({"HOME": str(home)})
    own = {*environment.VARIABLES, *OWN}
    return {name: value for name, value in found.items() if name not in own} | more


def files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_a_whole_run_asks_nothing_of_the_network(
    make_project: Callable[..., Project], checkpoint: Path, home: Path
) -> None:
    project = make_project({"opinions": settings(checkpoint)})
    texts(300).to_csv(project.folder / "data/inbox/opinions/rows.csv", index=False)
    for name in ("supervisord.conf", "prefect.toml"):
        shutil.copyfile(ROOT / name, project.folder / name)
    (project.folder / "open.py").write_text(OPEN)
    ports = free_ports("PREFECT_PORT", "MLFLOW_PORT")
    seen = watched(("sh", "-c", RUN), project.folder, users(project, home, **ports))
    assert seen.code == 0, seen.output
    assert "version 1 in MLflow" in seen.output
    assert sorted(seen.names) == []
    assert sorted(seen.addresses) == []
    assert [name for name in files(home) if not name.startswith(ANNOUNCED)] == []


def test_what_onnxruntime_sends_would_be_seen(
    make_project: Callable[..., Project], home: Path
) -> None:
    project = make_project({})
    environment = users(project, home, ORT_DISABLE_TELEMETRY="0")
    seen = watched((sys.executable, "-c", GRAPH), project.folder, environment)
    assert seen.code == 0, seen.output
    assert TELEMETRY in seen.names
    assert seen.addresses
    assert files(home)
