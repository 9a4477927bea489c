from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from assay.objectives.generation import manifold
from assay.objectives.generation.manifold import covered, nearest, precision_recall


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few rows are many parts, the last one shorter."""
    monkeypatch.setattr(manifold, "CHUNK", 7)


def sets() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.normal(size=(60, 5)), random.normal(0.5, 1.2, (50, 5))


def test_neighbours_are_those_of_all_distances() -> None:
    known, queries = sets()
    found = nearest(queries, known, 4)
    distances = cdist(queries, known)
    order = np.argsort(distances, axis=1)[:, :4]
    np.testing.assert_array_equal(found.rows, order)
    np.testing.assert_allclose(found.distances, np.take_along_axis(distances, order, 1))


def test_a_copy_is_found_at_no_distance() -> None:
    known, _ = sets()
    found = nearest(known[20:40] + 100, known + 100)
    np.testing.assert_array_equal(found.rows[:, 0], np.arange(20, 40))
    assert (found.distances == 0).all()


def test_distances_of_pixels_are_exact() -> None:
    random = np.random.default_rng(2)
    known = random.integers(0, 256, (30, 784), dtype=np.uint8)
    queries = random.integers(0, 256, (20, 784), dtype=np.uint8)
    whole = cdist(queries.astype(float), known.astype(float))
    np.testing.assert_array_equal(nearest(queries, known).distances[:, 0], whole.min(axis=1))
    queries[3] = known[11]
    queries[3, 0] ^= 1  # one level up or down
    assert nearest(queries, known).distances[3, 0] == 1


def test_of_ties_the_first_row_is_named() -> None:
    known = np.zeros((20, 2), dtype=np.uint8)
    assert nearest(known[:1], known, 3).rows.tolist() == [[0, 1, 2]]


def test_precision_and_recall_are_what_the_paper_says() -> None:
    real, generated = sets()

    def share(queries: np.ndarray, known: np.ndarray) -> float:
        radii = np.sort(cdist(known, known), axis=1)[:, 3]  # its own distance of 0 comes first
        return float((cdist(queries, known) <= radii).any(axis=1).mean())

    found = precision_recall(real, generated, 200, 1)
    assert found.precision.value == pytest.approx(share(generated, real))
    assert found.recall.value == pytest.approx(share(real, generated))
    assert 0 < share(generated, real) < 1
    for one in (found.precision, found.recall):
        assert one.low is not None
        assert one.high is not None
        assert one.value is not None
        assert one.low < one.value < one.high


def test_equal_sets_have_all_of_both() -> None:
    real, _ = sets()
    found = precision_recall(real, real, 50, 1)
    assert found.precision.value == found.recall.value == 1


def test_sets_far_apart_have_nothing_of_both() -> None:
    real, generated = sets()
    found = precision_recall(real, generated + 1000, 50, 1)
    assert found.precision.value == found.recall.value == 0


def test_samples_of_one_kind_are_precise_and_leave_out_the_rest() -> None:
    random = np.random.default_rng(3)
    real = random.normal(size=(400, 2))
    real[:200] += 50
    found = precision_recall(real, random.normal(size=(400, 2)), 50, 1)
    assert found.precision.value is not None
    assert found.recall.value is not None
    assert found.precision.value > 0.9
    assert found.recall.value == pytest.approx(0.5, abs=0.05)


def test_real_rows_that_are_all_alike_cover_themselves_alone() -> None:
    known = np.ones((10, 3))
    assert covered(np.array([[1.0, 1, 1], [1, 1, 1.001]]), known).tolist() == [True, False]


@pytest.mark.parametrize(
    ("queries", "neighbours"), [((4, 3), 1), ((4,), 1), ((4, 5), 0), ((4, 5), 61)]
)
def test_what_has_no_neighbours_is_refused(queries: tuple[int, ...], neighbours: int) -> None:
    known, _ = sets()
    with pytest.raises(ValueError, match="expected two sets of rows"):
        nearest(np.zeros(queries), known, neighbours)


def test_three_rows_have_no_third_neighbour() -> None:
    real, generated = sets()
    with pytest.raises(ValueError, match=r"4 neighbours .* among rows \(3, 5\)"):
        precision_recall(real, generated[:3], 50, 1)
