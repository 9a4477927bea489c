"""A customer service with all that its page needs: opened from its file, closed when it ends.

Reads what the engine, the sessions and the settings of the intent model are read from. Writes the
database of the conversations. Never loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.applications.customer_service import sessions as conversations
from assay.applications.customer_service.feedback import Inbox
from assay.applications.customer_service.opening import open_dialogue
from assay.applications.customer_service.routes import is_admin, routes
from assay.applications.customer_service.shown import About, Part
from assay.applications.customer_service.tables import open_database
from assay.errors import UnknownModel
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route

    from assay.applications.customer_service.dialogue import Dialogue
    from assay.applications.customer_service.reading import Spoken
    from assay.applications.customer_service.sessions import Sessions

WORKSPACE = "workspace"  # the version of what no gate let through
EXAMPLES = 4  # questions that the page offers to begin with


@dataclass(frozen=True)
class Hosted:
    """An opened customer service.

    Attributes:
        dialogue: the engine.
        sessions: its conversations.
        about: what it says of itself.
        inbox: where agents' corrections go; None where no model learns from them.

    """

    dialogue: Dialogue
    sessions: Sessions
    about: About
    inbox: Inbox | None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what it goes without, and on models that no gate let through."""
        unreleased = (
            f"{part.model} has not been released: the workspace's bundle is asked"
            for part in self.about.models
            if part.version == WORKSPACE
        )
        return (*self.dialogue.notes, *dict.fromkeys(unreleased))

    def routes(self, is_agent: Callable[[Request], bool] = is_admin) -> list[Route]:
        """Return the routes below ``/service``; ``is_agent`` tells which callers are agents."""
        return routes(self.dialogue, self.sessions, self.about, inbox=self.inbox, is_agent=is_agent)

    def close(self) -> None:
        """Close the database, and let the models go."""
        self.sessions.close()
        self.dialogue.close()


def open_service(path: Path, *, threads: int, workspace: bool = False) -> Hosted:
    """Open the customer service that a YAML file describes.

    ``workspace``: ask the bundles that were built last, also where there are champions.

    Raises:
        UsageError: its database can't be opened.
        AssayError: as :func:`~assay.applications.customer_service.opening.open_dialogue`.

    """
    dialogue = open_dialogue(path, threads=threads, workspace=workspace)
    kept = dialogue.service.sessions
    sessions = conversations.Sessions(open_database(kept.store), expiry_s=kept.minutes * 60.0)
    return Hosted(dialogue, sessions, about(dialogue), inbox(dialogue))


def about(dialogue: Dialogue) -> About:
    """Return what a customer service says of itself."""
    service, spoken = dialogue.service, dialogue.reader.spoken
    model = dialogue.reader.intent_model
    entries = [entry for one in spoken.values() for entry in one.retrieval.entries]
    return About(
        company=service.company,
        languages=tuple(spoken),
        models=tuple(_parts(dialogue)),
        labels=model.bundle.labels if model else (),
        examples={language: _examples(one) for language, one in spoken.items()},
        answers={entry.id: entry.answer for entry in entries},
    )


def inbox(dialogue: Dialogue) -> Inbox | None:
    """Return where corrections of intents go; None without an intent model that learns here."""
    model = dialogue.reader.intent_model
    if model is None:
        return None
    try:
        registry.load_model(model.name)
    except UnknownModel:
        return None
    return Inbox(model.name, model.bundle.labels)


def _examples(spoken: Spoken) -> tuple[str, ...]:
    """Return a few questions from the whole length of the file."""
    entries = spoken.retrieval.entries
    return tuple(entry.question for entry in entries[:: -(-len(entries) // EXAMPLES)])


def _parts(dialogue: Dialogue) -> Iterator[Part]:
    if model := dialogue.reader.intent_model:
        yield Part("intent", model.name, model.version)
    for language, spoken in dialogue.reader.spoken.items():
        for name, version in spoken.mood_versions.items():
            yield Part(f"sentiment, {language}", name, version)
        for name, version in spoken.rephraser_versions.items():
            yield Part(f"rephrasing, {language}", name, version)
