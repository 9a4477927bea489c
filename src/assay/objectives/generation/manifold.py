"""Whether samples look real and cover what is real, and which train images they are nearest to.

Reads and writes nothing. All distances are Euclidean, of features or of pixels, exact, and computed
for a few rows of each side at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assay.objectives.generation.intervals import mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from assay.objectives.generation.intervals import Estimate, Floats

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Rows = np.ndarray[Any, np.dtype[Any]]

NEIGHBOURS = 3
# Rows of each side that are compared at once: 32 MiB of distances.
CHUNK = 2048
# Below this share of two squared lengths, a squared distance is rounding, and the rows are equal.
ROUNDING = 1e-13


class Nearest(NamedTuple):
    """The rows that are nearest to each query, the nearest first; of ties, the first row."""

    rows: Ints  # (queries, neighbours)
    distances: Floats  # (queries, neighbours)


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares from 0 to 1, with intervals; higher is better.

    An interval knows the choice of the rows that are asked about, not that of the rows whose
    neighbourhoods they are looked for in.

    Attributes:
        precision: generated rows that lie in the neighbourhood of a real one.
        recall: real rows that lie in the neighbourhood of a generated one.

    """

    precision: Estimate
    recall: Estimate


def nearest(queries: Rows, known: Rows, neighbours: int = 1) -> Nearest:
    """Find the rows of ``known`` that are nearest to each query.

    Args:
        queries: shape (queries, features); pixels may be uint8.
        known: shape (rows, features).
        neighbours: how many are wanted.

    Raises:
        ValueError: shapes that do not fit, or fewer rows than neighbours.

    """
    _check(queries, known, neighbours)
    found = _nearest(queries, known, neighbours, themselves=True)
    return Nearest(found.rows, np.sqrt(found.distances))


def precision_recall(
    real: Rows, generated: Rows, resamples: int, seed: int, neighbours: int = NEIGHBOURS
) -> PrecisionRecall:
    """Measure how much of what is generated looks real, and how much of the real is generated.

    Kynkaanniemi et al., "Improved precision and recall metric for assessing generative models",
    NeurIPS 2019, equations 1 and 2: the neighbourhood of a row reaches to its third nearest other
    row of the same set. Both depend on the number of rows: take as many of either set.

    Args:
        real: features, shape (rows, features).
        generated: features of samples, shape (rows, features).
        resamples: bootstrap samples for the intervals; 0 gives none.
        seed: of the bootstrap.
        neighbours: which neighbour a neighbourhood reaches to.

    Raises:
        ValueError: shapes that do not fit, or a set of no more rows than neighbours.

    """
    _check(generated, real, neighbours + 1)
    _check(real, generated, neighbours + 1)
    return PrecisionRecall(
        precision=mean(covered(generated, real, neighbours).astype(np.float64), resamples, seed),
        recall=mean(covered(real, generated, neighbours).astype(np.float64), resamples, seed),
    )


def covered(queries: Rows, known: Rows, neighbours: int = NEIGHBOURS) -> Flags:
    """Tell which queries lie in the neighbourhood of a known row, shape (queries,)."""
    radii = _nearest(known, known, neighbours, themselves=False).distances[:, -1]
    found = np.zeros(len(queries), dtype=bool)
    for own, others, distances in _distances(queries, known):
        found[own] |= (distances <= radii[others]).any(axis=1)
    return found


def _check(queries: Rows, known: Rows, neighbours: int) -> None:
    fitting = queries.ndim == known.ndim == 2 and queries.shape[1] == known.shape[1]
    if not fitting or not 1 <= neighbours <= len(known):
        raise ValueError(
            f"{neighbours} neighbours of rows {queries.shape} among rows {known.shape}; expected "
            "two sets of rows with the same features, and 1 neighbour up to as many as there are"
        )


def _nearest(queries: Rows, known: Rows, neighbours: int, *, themselves: bool) -> Nearest:
    """Find neighbours and their squared distances.

    Without ``themselves`` the two are the same rows, and no row is its own neighbour.
    """
    rows = np.zeros((len(queries), neighbours), dtype=np.int64)
    best = np.full((len(queries), neighbours), np.inf)
    for own, others, distances in _distances(queries, known):
        if not themselves and own.start == others.start:
            np.fill_diagonal(distances, np.inf)
        # What was found before stands first, and so wins among equals.
        every = np.concatenate([best[own], distances], axis=1)
        numbers = np.concatenate([rows[own], np.broadcast_to(_range(others), distances.shape)], 1)
        for rank in range(neighbours):
            at = every.argmin(axis=1)[:, None]
            best[own, rank] = np.take_along_axis(every, at, 1)[:, 0]
            rows[own, rank] = np.take_along_axis(numbers, at, 1)[:, 0]
            np.put_along_axis(every, at, np.inf, 1)
    return Nearest(rows, best)


def _range(part: slice) -> Ints:
    return np.arange(part.start, part.stop)


def _distances(queries: Rows, known: Rows) -> Iterator[tuple[slice, slice, Floats]]:
    """Yield squared distances of a part of the queries to a part of the known rows.

    ``|a|^2 + |b|^2 - 2ab``: exact for whole numbers such as pixels. Of others, rows that differ by
    less than some millionth of their lengths are taken for equal.
    """
    for own in _parts(len(queries)):
        first = queries[own].astype(np.float64)
        length = np.square(first).sum(axis=1)[:, None]
        for others in _parts(len(known)):
            second = known[others].astype(np.float64)
            lengths = length + np.square(second).sum(axis=1)
            found = lengths - 2 * (first @ second.T)
            found[found < ROUNDING * lengths] = 0
            yield own, others, found


def _parts(rows: int) -> Iterator[slice]:
    for start in range(0, rows, CHUNK):
        yield slice(start, min(start + CHUNK, rows))
