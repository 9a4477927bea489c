"""Tell people how a retraining ended, through Prefect's own notification blocks.

Reads the blocks that ``retrain.notify`` names (``custom-webhook/team``, ``slack-webhook/alerts``),
which are made on Prefect's page or by ``prefect block create``. Sends to them, and nowhere else. A
block that fails never fails a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.blocks.core import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prefect.client.schemas.objects import State

# A tick that trained nothing is no news.
SILENT = "not trained"


def tell(blocks: Iterable[str], model: str, state: State[Any], warn: Callable[[str], None]) -> None:
    """Send the run's last message to every block; ``warn`` hears of those that fail."""
    message = state.message or ""
    if SILENT in message:
        return
    subject = f"{model}: {'failed' if state.is_failed() else state.name}"
    for name in blocks:
        try:
            block: Any = Block.load(name)
            block.notify(message, subject=subject)
        except Exception as problem:  # whatever a service or its client raises
            warn(f"{name} was not told: {problem}")
