"""What is found out about a message before anything is decided.

Reads a message, and asks the models. Writes nothing. Personal data is masked first, and nothing but
the masked text goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay import personal
from assay.applications.customer_service import languages
from assay.applications.customer_service.decision import Intent
from assay.applications.customer_service.turn import Understanding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.applications.customer_service.confidence import Confidence, Judged
    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.models import Model
    from assay.applications.customer_service.mood import Moods
    from assay.applications.customer_service.rephrasing import Rephraser
    from assay.applications.customer_service.retrieval import Retrieval
    from assay.applications.customer_service.settings import Service, Speech
    from assay.applications.customer_service.turn import Language, Mood, State
    from assay.bundle.classifier import Classifier

# Letters of a message that are read; a service of short answers is asked short questions.
LONGEST = 2000
# What stands for masked data is no word of the message.
MASKS = re.compile(r"\[(?:" + "|".join(re.escape(kind) for kind, _ in personal.KINDS) + r")\]")


@dataclass(frozen=True)
class Spoken:
    """What there is in one language: words, entries, models.

    Attributes:
        speech: what is said and heard.
        retrieval: of the entries in it.
        confidence: calibrated on these.
        moods: None: every mood is neutral.
        rephraser: None: quotes are said as they stand.
        mood_versions, rephraser_versions: of these models, by name; empty where there is none.

    """

    speech: Speech
    retrieval: Retrieval
    confidence: Confidence
    moods: Moods | None
    rephraser: Rephraser | None
    mood_versions: Mapping[str, str]
    rephraser_versions: Mapping[str, str]


@dataclass(frozen=True)
class Message:
    """A message with all that was found out about it.

    Attributes:
        text: masked.
        spoken: of the language of the reply.
        language: of the reply.
        foreign: the message is in none of the service's languages.
        intent: None: there is no model.
        mood, mood_score: as :class:`Understanding` has them.
        judged: the entries in the reply's language.

    """

    text: str
    spoken: Spoken
    language: Language
    foreign: bool
    intent: Intent | None
    mood: Mood
    mood_score: float
    judged: Judged

    def understanding(self, entry: Entry | None, *, in_scope: bool) -> Understanding:
        """Return what the turn says of the message; ``entry`` is the one that answers it."""
        order = self.judged.order
        best = entry or (self.spoken.retrieval.entries[order[0]] if order else None)
        return Understanding(
            text_masked=self.text,
            language=self.language,
            intent=self.intent.label if self.intent else best.intent if best else None,
            intent_score=self.intent.score if self.intent else self.judged.confidence,
            in_scope=in_scope,
            mood=self.mood,
            mood_score=self.mood_score,
        )


class Reader:
    """Finds out about messages; may be asked from several threads at once."""

    def __init__(
        self,
        service: Service,
        spoken: Mapping[Language, Spoken],
        intent_model: Model[Classifier] | None,
    ) -> None:
        """Take the service's languages and its intent model."""
        self.service, self.spoken, self.intent_model = service, spoken, intent_model
        self.none = service.intent.none if service.intent else ()

    def read(self, text: str, state: State) -> Message:
        """Return what is found out about a message."""
        masked = personal.beginning(text.strip(), LONGEST)
        plain = MASKS.sub(" ", masked)
        written = languages.of(plain, tuple(self.spoken))
        language = written.code or state.language or self.service.default
        spoken = self.spoken[language]
        mood, score = spoken.moods.of(masked) if spoken.moods else ("neutral", 1.0)
        return Message(
            text=masked,
            spoken=spoken,
            language=language,
            foreign=written.code is None and not written.silent,
            intent=self._intent(masked),
            mood=mood,
            mood_score=score,
            judged=spoken.confidence.judge(spoken.retrieval.find(plain)),
        )

    def _intent(self, text: str) -> Intent | None:
        if self.intent_model is None:
            return None
        model = self.intent_model.bundle
        found = model.predict([text])
        best = int(found.probabilities[0].argmax())
        label = model.labels[best]
        outside = bool(found.out_of_scope[0] or found.unreadable[0])
        score = float(found.probabilities[0, best])
        return Intent(label, score, known=not outside, none=label in self.none)
