"""A promotion, a rollback and a release that does not hold, while customers talk."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from ruamel.yaml import YAML

from assay.applications.customer_service.hosting import Hosted, open_service
from assay.applications.customer_service.turn import State
from assay.release.rollback import rollback
from tests.applications.customer_service.serving import service
from tests.applications.customer_service.small import lay_out as lay_out_company
from tests.applications.customer_service.talking import RETURN, client, say
from tests.conftest import ROOT, lay_out, settings
from tests.made import MODEL, texts
from tests.release.conftest import base, once
from tests.release.project import Released
from tests.serving.started import meanwhile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["base"]

CLIENTS = 3
EXAMPLE = ROOT / "examples/customer_service"


@pytest.fixture(scope="module")
def built(base: Path, checkpoint: Path) -> Released:
    """The company with an intent model that was not promoted."""

    def made(folder: Path) -> Released:
        block = settings(checkpoint, train__learning_rate=1e-2, train__epochs=4)
        block["gate"] = {"margin": 0.3, "slice_margin": 0.5, "bootstrap": 200}
        project = Released(lay_out(folder, {MODEL: block}).folder)
        shutil.copyfile(ROOT / "requirements.lock", folder / "requirements.lock")
        texts(600).to_csv(folder / "data/inbox" / MODEL / "rows.csv", index=False)
        lay_out_company(folder, intent=MODEL)
        project.assay("doctor", "--fix")
        _build(project)
        return project

    return once(base, "service built", made)


@pytest.fixture(scope="module")
def released(base: Path, built: Released) -> Released:
    """Two releases of it, the newer one champion."""

    def promoted(folder: Path) -> Released:
        project = built.copy(folder)
        _promote(project)
        _set_seed(folder, 14)
        _build(project)
        _promote(project)
        return project

    return once(base, "service released", promoted)


def _build(project: Released) -> None:
    done = project.assay("run", MODEL)
    assert done.returncode == 0, done.stdout + done.stderr
    project.commit("Build")


def _promote(project: Released) -> None:
    assert project.answer("promote", MODEL)["promoted"]
    project.commit("Release")


def _set_seed(folder: Path, seed: int) -> None:
    path, yaml = folder / "params.yaml", YAML()
    content = yaml.load(path)
    content["models"][MODEL]["train"]["seed"] = seed
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)


@pytest.fixture
def project(released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Released:
    found = released.copy(tmp_path / "a copy")
    monkeypatch.chdir(found.folder)
    return found


class Customer(threading.Thread):
    """Talks without a pause; keeps what failed, and which version answered."""

    def __init__(self, address: str, ending: threading.Event) -> None:
        super().__init__()
        self._address, self._ending = address, ending
        self.failed: list[str] = []
        self.answered: Counter[str] = Counter()

    def run(self) -> None:
        with httpx.Client(base_url=self._address, timeout=60, trust_env=False) as asking:
            while not self._ending.is_set():
                given = {"session": None, "text": RETURN}
                answer = asking.post("/service/turn", json=given)
                if answer.status_code != 200 or answer.json()["kind"] != "answer":
                    self.failed.append(answer.text)
                else:
                    self.answered[answer.json()["versions"][MODEL]] += 1


def wait_for(address: str, version: str) -> None:
    until = time.monotonic() + 60
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as asking:
        while time.monotonic() < until:
            if asking.get("/service/about").json()["models"][0]["version"] == version:
                return
            time.sleep(0.05)
    raise AssertionError(f"version {version} never answered")


def test_no_turn_fails_while_the_champion_changes(project: Released) -> None:
    ending = threading.Event()
    with service(project.folder, "service.yaml") as address:
        customers = [Customer(address, ending) for _ in range(CLIENTS)]
        with meanwhile(customers, ending):
            for version in (1, 2, 1):
                rollback(MODEL, version, "a test")
                wait_for(address, str(version))
        with httpx.Client(base_url=address, trust_env=False) as asking:
            assert say(asking, RETURN)["versions"] == {MODEL: "1"}
    assert [failure for customer in customers for failure in customer.failed] == []
    answered = sum((customer.answered for customer in customers), Counter[str]())
    assert set(answered) == {"1", "2"}
    assert f"{MODEL} 1 answers from now on" in (project.folder / "service.err").read_text()


def test_the_first_promotion_takes_over_from_the_workspace(built: Released, tmp_path: Path) -> None:
    project = built.copy(tmp_path / "a copy")
    with (
        service(project.folder, "service.yaml") as address,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as asking,
    ):
        assert say(asking, RETURN)["versions"] == {MODEL: "workspace"}
        _promote(project)
        wait_for(address, "1")
        assert say(asking, RETURN)["versions"] == {MODEL: "1"}


def test_a_turn_that_has_begun_ends_with_the_model_it_began_with(project: Released) -> None:
    hosted = open_service(project.folder / "service.yaml", threads=1)
    dialogue = hosted.now.dialogue
    held: list[Any] = []

    def swap(_understood: object) -> None:
        rollback(MODEL, None, "a test")
        asyncio.run(hosted.refresh())
        held.append(hosted.now.versions)

    turn, _ = dialogue.turn(RETURN, State(), swap)
    assert held == [{MODEL: "1"}]
    assert turn.versions == {MODEL: "2"}
    asking = client(hosted.routes())
    assert say(asking, RETURN)["versions"] == {MODEL: "1"}
    hosted.close()


def test_what_is_learned_at_the_start_is_learned_again(project: Released) -> None:
    path = project.folder / "example.yaml"
    yaml = YAML()
    content = yaml.load(EXAMPLE / "service.yaml")
    content.update(intent={"model": MODEL}, sentiment={}, language_model=None)
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)
    shutil.copyfile(EXAMPLE / "knowledge.csv", project.folder / "knowledge.csv")
    hosted = open_service(path, threads=1)
    before = learned(hosted)
    rollback(MODEL, None, "a test")
    asyncio.run(hosted.refresh())
    fresh = open_service(path, threads=1)
    assert learned(hosted) == learned(fresh)
    assert learned(hosted) != before
    fresh.close()
    hosted.close()


def learned(hosted: Hosted) -> dict[str, list[float]]:
    """Return the weights and thresholds of each language."""
    found = {}
    for language, spoken in hosted.now.dialogue.reader.spoken.items():
        confidence = spoken.confidence
        assert confidence.logit
        weights = confidence.logit.weights
        found[str(language)] = [*weights, confidence.answer, confidence.clarify]
    return found


def test_a_release_that_does_not_hold_changes_nothing(
    project: Released, capsys: pytest.CaptureFixture[str]
) -> None:
    hosted = open_service(project.folder / "service.yaml", threads=1)
    before = hosted.now
    rollback(MODEL, None, "a test")
    card = project.folder / "releases" / MODEL / "1/bundle/README.md"
    card.write_text(card.read_text() + " ")
    asyncio.run(hosted.refresh())
    assert hosted.now is before
    said = capsys.readouterr().err
    assert "the models that answer stay" in said
    assert "README.md were altered" in said
    asking = client(hosted.routes())
    assert say(asking, RETURN)["versions"] == {MODEL: "2"}
    hosted.close()


def test_where_the_workspace_is_asked_a_promotion_changes_nothing(project: Released) -> None:
    hosted = open_service(project.folder / "service.yaml", threads=1, workspace=True)
    before = hosted.now
    rollback(MODEL, None, "a test")
    asyncio.run(hosted.refresh())
    assert hosted.now is before
    hosted.close()
