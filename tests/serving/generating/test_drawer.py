from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.image_generator import ImageGenerator
from assay.paths import ModelPaths
from assay.serving.contents.drawings import Drawing
from assay.serving.generating.drawer import Drawer, Drawn
from assay.serving.refusals import NotReady, TooMany
from tests import made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.processor

SECONDS = 30.0


@pytest.fixture(scope="module")
def bundle(checkpoint: Path) -> ImageGenerator:
    project = made.built_image_generator(checkpoint)
    return ImageGenerator.open(project / ModelPaths(made.MODEL).bundle, threads=1)


@pytest.fixture
def counted() -> list[int]:
    return []


@pytest.fixture
def drawer(bundle: ImageGenerator, counted: list[int]) -> Iterator[Drawer]:
    found = Drawer(bundle, most_queued=20, count=lambda: counted.append(1))
    yield found
    found.close()


def test_each_request_gets_what_its_own_seed_gives(
    drawer: Drawer, bundle: ImageGenerator, counted: list[int]
) -> None:
    asked = [Drawing(count, seed) for count, seed in ((1, 0), (5, 0), (3, 9), (5, 0))]

    async def run() -> list[Drawn]:
        return await asyncio.gather(*(drawer.draw(one, seconds=SECONDS) for one in asked))

    answers = asyncio.run(run())
    for drawing, found in zip(asked, answers, strict=True):
        assert np.array_equal(found.images, bundle.sample(drawing.count, drawing.seed))
        assert found.queued >= 0 < found.computed
    assert len(counted) == 4
    assert drawer.is_idle


def held(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, list[int]]:
    """Let the generator wait for an event before it draws; return that, and what it drew."""
    free, drew = threading.Event(), []
    plain = drawer._bundle.sample

    def slow(count: int, seed: int) -> object:
        free.wait(SECONDS)
        drew.append(count)
        return plain(count, seed)

    monkeypatch.setattr(drawer._bundle, "sample", slow)
    return free, drew


async def begun(drawer: Drawer) -> None:
    """Wait until the one request that there is is drawn for."""
    async with asyncio.timeout(SECONDS):
        while drawer.queued or drawer.is_idle:
            await asyncio.sleep(0.01)


def test_past_a_bounded_queue_and_past_the_deadline_requests_are_refused(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, drew = held(drawer, monkeypatch)

    async def run() -> None:
        first = asyncio.create_task(drawer.draw(Drawing(30), seconds=SECONDS))
        await begun(drawer)
        late = asyncio.create_task(drawer.draw(Drawing(12), seconds=0.05))
        gone = asyncio.create_task(drawer.draw(Drawing(7), seconds=SECONDS))
        await asyncio.sleep(0.1)
        assert drawer.queued == 2
        with pytest.raises(TooMany, match="19 images wait already, and 20 are the most"):
            await drawer.draw(Drawing(2), seconds=SECONDS)
        gone.cancel()
        await asyncio.sleep(0)
        free.set()
        assert len((await first).images) == 30
        with pytest.raises(TooMany, match="its deadline"):
            await late
        assert len((await drawer.draw(Drawing(2), seconds=SECONDS)).images) == 2

    asyncio.run(run())
    assert drew == [30, 2]


def test_a_fault_of_the_model_is_its_requests_alone(
    drawer: Drawer, bundle: ImageGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = bundle.sample

    def faulty(count: int, seed: int) -> object:
        if seed == 1:
            raise RuntimeError("no memory")
        return plain(count, seed)

    monkeypatch.setattr(bundle, "sample", faulty)

    async def run() -> None:
        with pytest.raises(RuntimeError, match="no memory"):
            await drawer.draw(Drawing(1, 1), seconds=SECONDS)
        assert len((await drawer.draw(Drawing(1), seconds=SECONDS)).images) == 1

    asyncio.run(run())


def test_closing_answers_what_waits_and_refuses_what_comes(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, _ = held(drawer, monkeypatch)

    async def run() -> None:
        asked = [asyncio.create_task(drawer.draw(Drawing(2), seconds=SECONDS)) for _ in range(3)]
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asyncio.to_thread(drawer.close))
        await asyncio.sleep(0.05)
        with pytest.raises(NotReady, match="no longer served"):
            await drawer.draw(Drawing(1), seconds=SECONDS)
        free.set()
        assert [len(one.images) for one in await asyncio.gather(*asked)] == [2, 2, 2]
        await closing

    began = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - began < SECONDS
