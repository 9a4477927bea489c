"""Which precision of a generator is served: int8 where it costs few bits a byte.

Reads and writes nothing. Neither a timing nor the processor decides: the form of int8 is right on
all of them (docs/decisions/0014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.bundle.manifest import Precision
    from assay.settings.generation import GenerationExport

METRIC = "bits per byte"
# By how much a logit may move with the rows beside it.
MOST_BY_NEIGHBOURS = 1e-3


@dataclass(frozen=True)
class Trial:
    """Both precisions on the validation split.

    Attributes:
        fp32: bits per byte of the graph in fp32.
        int8: of the quantized one.
        neighbours: greatest difference of an int8 logit between a row alone and in a batch.
        kept: how many linear layers of the quantized graph are in fp32 all the same.
        layers: of how many; 0 where none is.

    """

    fp32: float
    int8: float
    neighbours: float
    kept: int = 0
    layers: int = 0

    @property
    def rise(self) -> float:
        """By which share int8 needs more bits a byte than fp32."""
        return self.int8 / self.fp32 - 1


def is_within_bound(settings: GenerationExport, fp32: float, int8: float) -> bool:
    """Tell whether int8 may need so many bits per byte; without ``auto`` it always may."""
    return settings.precision != "auto" or int8 / fp32 - 1 <= settings.max_bits_rise


def choose(settings: GenerationExport, trial: Trial) -> tuple[Precision, str]:
    """Return the precision that is served, and why in a few words."""
    if settings.precision == "fp32":
        return "fp32", "export.precision is fp32"
    if settings.precision == "int8":
        return "int8", "export.precision is int8"
    if trial.neighbours > MOST_BY_NEIGHBOURS:
        return "fp32", f"a logit of int8 moves by {trial.neighbours:.2g} with its neighbours"
    form = (
        f"int8 with {trial.kept} of {trial.layers} linear layers in fp32" if trial.kept else "int8"
    )
    shown = f"{form} needs {trial.rise:+.2%} bits per byte, {settings.max_bits_rise:.2%} may be"
    return ("int8" if is_within_bound(settings, trial.fp32, trial.int8) else "fp32"), shown
