"""What a server is started with. Reads and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.serving.server import Address


@dataclass(frozen=True)
class Options:
    """Everything that whoever starts a server may decide.

    Attributes:
        models: that are served.
        address: where it listens.
        threads: that compute, of each model.
        seconds: until which a request is answered or refused.
        queue: rows of each model that wait at most.
        body: bytes that a request's body has at most.
        share: of predicted rows that are kept, 0 to 1.
        access_log: whether each request is a line on standard error.
        shadows: challengers by the model whose traffic they answer unseen: a release's version;
            None: the workspace's bundle.
        traces: the URL of a collector that gets a span of each request; None: nobody does.
        workspace: whether a model without a champion is served as it was built last.

    """

    models: tuple[str, ...]
    address: Address
    threads: int = 2
    seconds: float = 10.0
    queue: int = 2048
    body: int = 16 * 2**20
    share: float = 0.0
    access_log: bool = True
    shadows: Mapping[str, int | None] = field(default_factory=dict)
    traces: str | None = None
    workspace: bool = False
