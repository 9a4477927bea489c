"""Which version is served: promotions and rollbacks are picked up, what does not hold is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from assay.bundle.classifier import Classifier
from assay.errors import NoRelease
from assay.release.rollback import rollback
from assay.serving.batching import Batcher
from assay.serving.refusals import NotFound, NotReady
from assay.serving.repository import Repository, Serving
from assay.serving.sources import Champions, Newest, released
from assay.serving.watching.metrics import Metrics
from tests.release.project import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.serving.served import ServedModel
    from tests.release.project import Released

ROW = {"age": 40, "debt": 1000, "job": "nurse", "branch": "north"}


@pytest.fixture
def project(
    both: Released, fresh: Callable[[Released], Released], monkeypatch: pytest.MonkeyPatch
) -> Released:
    found = fresh(both)
    monkeypatch.chdir(found.folder)
    return found


def _begin(model: ServedModel) -> Batcher:
    assert isinstance(model.bundle, Classifier)
    return Batcher(model.bundle, threads=1)


def _repository() -> Repository:
    return Repository(Champions(threads=1), [MODEL], _begin, Metrics())


async def _version(repository: Repository) -> int | None:
    async with repository.use(MODEL) as serving:
        await serving.batcher.predict([ROW], seconds=30)
        return serving.model.version


def test_the_champion_is_served_and_a_rollback_is_picked_up(project: Released) -> None:
    async def run() -> list[int | None]:
        repository = _repository()
        await repository.refresh()
        seen = [await _version(repository)]
        rollback(MODEL, None, "a test")
        await repository.refresh()
        seen.append(await _version(repository))
        await repository.close()
        return seen

    assert released() == [MODEL]
    assert asyncio.run(run()) == [2, 1]


def test_a_request_keeps_its_version_through_a_swap(project: Released) -> None:
    async def run() -> tuple[Serving, Serving]:
        repository = _repository()
        await repository.refresh()
        async with repository.use(MODEL) as before:
            rollback(MODEL, None, "a test")
            await repository.refresh()
            async with repository.use(MODEL) as after:
                await after.batcher.predict([ROW], seconds=30)
            await before.batcher.predict([ROW], seconds=30)
        await asyncio.sleep(0.5)
        with pytest.raises(NotReady):
            await before.batcher.predict([ROW], seconds=30)
        await repository.close()
        return before, after

    before, after = asyncio.run(run())
    assert (before.model.version, after.model.version) == (2, 1)
    assert before.model.digest != after.model.digest


def test_an_altered_release_is_refused_and_the_one_before_goes_on(
    project: Released, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = Metrics()

    async def run() -> int | None:
        repository = Repository(Champions(threads=1), [MODEL], _begin, metrics)
        await repository.refresh()
        rollback(MODEL, None, "a test")
        card = project.folder / project.release(1).bundle / "README.md"
        card.write_text(card.read_text() + " ")
        await repository.refresh()
        found = await _version(repository)
        await repository.close()
        return found

    assert asyncio.run(run()) == 2
    assert b'assay_swaps_total{model="loans",outcome="refused"} 1.0' in metrics.text()
    assert "README.md were altered" in capsys.readouterr().err


def test_an_edited_ledger_changes_nothing(
    project: Released, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> int | None:
        repository = _repository()
        await repository.refresh()
        ledger = project.folder / "releases/ledger.jsonl"
        ledger.write_text(ledger.read_text().replace('"version":2', '"version":1'))
        await repository.refresh()
        found = await _version(repository)
        await repository.close()
        return found

    assert asyncio.run(run()) == 2
    assert "the ledger is refused, what is served stays" in capsys.readouterr().err


def test_what_is_not_served_is_not_found(project: Released) -> None:
    async def run() -> None:
        repository = _repository()
        with pytest.raises(NotReady, match="still being opened"):
            repository.get(MODEL)
        await repository.refresh()
        with pytest.raises(NotFound, match="no model 'other'"):
            repository.get("other")
        with pytest.raises(NotFound, match="version '1' of loans is not served"):
            repository.get(MODEL, "1")
        assert repository.get(MODEL, "2").model.version == 2
        with pytest.raises(NoRelease):
            await repository.load("other")
        await repository.unload(MODEL)
        with pytest.raises(NotFound):
            repository.get(MODEL)
        await repository.load(MODEL)
        assert repository.index()[0].ready and repository.is_ready
        await repository.close()

    asyncio.run(run())


def test_the_workspace_is_served_only_where_that_is_asked_for(
    built: Released, fresh: Callable[[Released], Released], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fresh(built)
    monkeypatch.chdir(project.folder)
    with pytest.raises(NoRelease, match="no champion"):
        Champions(threads=1).load(MODEL)

    async def run() -> str:
        repository = Repository(Newest(threads=1), [MODEL], _begin, Metrics())
        await repository.refresh()
        found = repository.get(MODEL).model.label
        await repository.close()
        return found

    assert asyncio.run(run()) == "workspace"
