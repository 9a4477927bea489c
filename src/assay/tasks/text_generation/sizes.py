"""How large a decoder is: all that decides its layers, and so the names and shapes of its weights.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import SettingsError

# What the inner width of an MLP is rounded up to a multiple of.
STEP = 32


@dataclass(frozen=True)
class Sizes:
    """The sizes of one network.

    Attributes:
        vocabulary: how many token ids there are.
        layers: blocks of attention and MLP.
        heads: heads of queries in each.
        width: numbers that stand for a token between blocks.
        context: the most tokens that are read at once.
        dropout: the share of numbers that training leaves out at random.
        tied: whether the head is the table of embeddings (Press and Wolf, "Using the output
            embedding to improve language models", EACL 2017).
        kv_heads: heads of keys and values, each shared by as many heads of queries (Ainslie et
            al., "GQA", EMNLP 2023); None: as many as heads of queries.
        hidden: inner width of the MLP; None: 8/3 of the width, rounded up to a multiple of 32, so
            that three matrices have as many weights as the usual two of four times the width
            (Shazeer, "GLU variants improve transformer", 2020).
        theta: the base of the rotary positions' wavelengths.
        epsilon: what is added to a mean square before its root is taken.

    Raises:
        SettingsError: no network has these sizes.

    """

    vocabulary: int
    layers: int
    heads: int
    width: int
    context: int
    dropout: float = 0.0
    tied: bool = True
    kv_heads: int | None = None
    hidden: int | None = None
    theta: float = 10_000.0
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        """Refuse sizes that do not fit each other."""
        whole = ("vocabulary", "layers", "heads", "width", "context", "kv_heads", "hidden")
        for name in whole:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise _impossible(f"{name} is {value}", "a whole number, 1 or more")
        if self.width % (2 * self.heads):
            raise _impossible(
                f"width is {self.width} with {self.heads} heads",
                "a width that is a multiple of twice the heads: rotary positions turn pairs",
            )
        if self.heads % self.key_heads:
            raise _impossible(
                f"{self.heads} heads share {self.key_heads} kv_heads", "a number that divides heads"
            )
        if not 0 <= self.dropout < 1:
            raise _impossible(f"dropout is {self.dropout}", "0 or more, and less than 1")

    @property
    def head_size(self) -> int:
        """Numbers of each head."""
        return self.width // self.heads

    @property
    def key_heads(self) -> int:
        """Heads of keys and values."""
        return self.heads if self.kv_heads is None else self.kv_heads

    @property
    def inner(self) -> int:
        """Inner width of the MLP."""
        if self.hidden is not None:
            return self.hidden
        return -(-8 * self.width // (3 * STEP)) * STEP


def _impossible(found: str, expected: str) -> SettingsError:
    return SettingsError(
        f"no network has these sizes: {found}",
        expected=expected,
        cure="correct the sizes of the network in params.yaml",
    )
