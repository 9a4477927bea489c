"""The file that a customer service is made from: strict, frozen, each wrong key named.

Reads that YAML file. Writes nothing, and opens neither the models nor the knowledge file that it
names. Templates are text: what they say besides ``{answer}`` may make no claims, so numbers and
addresses in them are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from assay.applications.customer_service.turn import Language, Mood, Reason
from assay.errors import MissingFile, SettingsError
from assay.settings import reading
from assay.settings.block import Block, Share
from assay.settings.schema import MODEL_NAME

HOLDS = "a mapping: company, knowledge, languages, and what docs/customer-service.md names"
ANSWER = "{answer}"
PLACE = re.compile(r"\{[^{}]*\}")
# A number, an e-mail address or a link is a fact, and facts come out of the knowledge file.
CLAIM = re.compile(r"\d|@|://|www\.|[$€£¥％%]|[零一二三四五六七八九十百千万]\s*[天日年月元折]")

ModelName = Annotated[str, Field(pattern=MODEL_NAME)]
# A probability that decides, more than a coin's.
Bound = Annotated[float, Field(gt=0, lt=1)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]


def _without_claims(text: str) -> str:
    if found := CLAIM.search(text):
        raise ValueError(f"words without facts of their own, without {found[0]!r}")
    return text


def _said(text: str) -> str:
    if found := PLACE.search(text):
        raise ValueError(f"a sentence without {found[0]!r}")
    return _without_claims(text)


def _answering(text: str) -> str:
    if PLACE.findall(text) != [ANSWER]:
        raise ValueError(f"a text with {ANSWER} once, and no other place in braces")
    return _without_claims(text)


Said = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_said)]
Answering = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_answering)]


class Intents(Block):
    """The intent model, and what some of its labels stand for.

    Attributes:
        model: its name; its labels are those of the knowledge file's column ``intent``, and more.
        required: False: where there is no such model yet, the service says so and goes without.
        asks_for_person: the labels of messages that want a person.
        small_talk: labels by which of the small talk's templates answers them.
        none: the labels of messages that are none of the service's business.

    """

    model: ModelName
    required: bool = True
    asks_for_person: Words = ()
    small_talk: dict[str, str] = Field(default_factory=dict)
    none: Words = ()


class Sentiment(Block):
    """A sentiment model of one language.

    Attributes:
        model: its name.
        required: as :class:`Intents` has it.
        moods: what each of its labels is as a mood.

    """

    model: ModelName
    required: bool = True
    moods: Annotated[dict[str, Mood], Field(min_length=1)]


class Thresholds(Block):
    """When the service answers, asks back, or takes a message for an angry one.

    The first three are shares that the thresholds are calibrated to, on the wordings of the
    knowledge file (:mod:`~assay.applications.customer_service.confidence`). ``answer`` and
    ``clarify`` fix two of them instead: where a file has too few questions in several wordings.

    Attributes:
        wrong: share of all messages that may get a wrong answer.
        outside: share of all messages that are taken to be out of scope.
        false_alarm: share of messages in scope that may be called out of scope.
        mood_alarm: share of the file's own questions, which are calm, that may be called angry; of
            another mood, the same.
        answer: the confidence from which on the best entry answers.
        clarify: the confidence from which on the best entries are offered.

    """

    wrong: Bound = 0.02
    outside: Bound = 0.2
    false_alarm: Bound = 0.05
    mood_alarm: Bound = 0.02
    answer: Share | None = None
    clarify: Share | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.answer is None) != (self.clarify is None):
            raise ValueError("both of answer and clarify, or neither")
        if self.answer is not None and self.clarify is not None and self.answer < self.clarify:
            raise ValueError("an answer that is not below clarify")
        return self


class ByMood(Block):
    """What goes around an answer, by the customer's mood."""

    angry: Answering
    neutral: Answering
    happy: Answering


class Speech(Block):
    """What is said and heard in one language.

    Attributes:
        answer: what goes around an answer.
        clarify: what comes before the questions to choose from.
        unclear: what is said where there is nothing to choose from.
        hand_over: what the customer reads, by the reason.
        small_talk: replies by a name, such as ``greeting``.
        person: phrases of which one within a message asks for a person.
        heard: phrases that are small talk where a message is nothing else, by the same names.

    """

    answer: ByMood
    clarify: Said
    unclear: Said
    hand_over: dict[Reason, Said]
    small_talk: dict[str, Said] = Field(default_factory=dict)
    person: Annotated[Words, Field(min_length=1)]
    heard: dict[str, Words] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        reasons = ("asked_for_a_person", "angry_twice", "out_of_scope", "low_confidence")
        if missing := [reason for reason in reasons if reason not in self.hand_over]:
            raise ValueError(f"hand_over for {', '.join(missing)} too")
        if unknown := sorted(self.heard.keys() - self.small_talk.keys()):
            raise ValueError(f"small_talk for {', '.join(unknown)} too")
        return self


class Rephrasing(Block):
    """A language model that may put a quote in other words.

    Attributes:
        model: the name of a text-generation model.
        required: as :class:`Intents` has it.
        languages: which it writes.
        prompt: what it continues; ``{question}`` and ``{answer}`` are of the quoted entry.
        stop: texts before which a continuation ends.
        max_tokens: of a continuation.

    """

    model: ModelName
    required: bool = True
    languages: Annotated[tuple[Language, ...], Field(strict=False, min_length=1)] = ("en",)
    prompt: Annotated[str, Field(min_length=1)] = "Question: {question}\nAnswer: {answer}\nAnswer:"
    stop: Words = ("\n",)
    max_tokens: Annotated[int, Field(ge=1, le=1000)] = 80

    @model_validator(mode="after")
    def _with_answer(self) -> Self:
        if ANSWER not in self.prompt:
            raise ValueError(f"a prompt with {ANSWER}")
        return self


class Sessions(Block):
    """How long conversations are kept.

    Attributes:
        store: where: an address that SQLAlchemy reads; None: a file of this project.
        minutes: after its last message, a conversation is forgotten.

    """

    store: str | None = None
    minutes: Annotated[int, Field(ge=1, le=60 * 24 * 365)] = 60


class Service(Block):
    """A customer service.

    Attributes:
        company: how the page calls it.
        knowledge: the file of questions and answers; a relative path starts at this file's folder.
        languages: what is said in each; the first one is that of messages in none of them.
        intent: None: the intent is that of the best entry.
        sentiment: by language; where there is none, every mood is neutral.
        thresholds: see there.
        quote: characters of the longest quote; of a longer answer, the sentences that fit best.
        language_model: None: quotes are shown as they stand.
        sessions: see there.

    """

    company: Annotated[str, Field(min_length=1, max_length=100)]
    knowledge: Annotated[Path, Field(strict=False)]
    languages: Annotated[dict[Language, Speech], Field(min_length=1)]
    intent: Intents | None = None
    sentiment: dict[Language, Sentiment] = Field(default_factory=dict)
    thresholds: Thresholds = Thresholds()
    quote: Annotated[int, Field(ge=50, le=10_000)] = 600
    language_model: Rephrasing | None = None
    sessions: Sessions = Sessions()

    @property
    def default(self) -> Language:
        """The language of messages that are in none of the service's."""
        return next(iter(self.languages))


def load(path: Path) -> Service:
    """Read and check a service's file; its ``knowledge`` comes as a path that leads there.

    Raises:
        MissingFile: there is no such file.
        SettingsError: not YAML, an unknown key (the nearest is named), an impossible value.

    """
    if not path.is_file():
        raise MissingFile(
            f"there is no file {path}",
            expected="a customer service's YAML file",
            cure="take examples/customer_service/service.yaml as a start",
        )
    found = reading.load_one(path, Service, HOLDS)
    _require_spoken(path, found)
    return found.model_copy(update={"knowledge": path.parent / found.knowledge})


def _require_spoken(path: Path, service: Service) -> None:
    """Refuse what one block names and another does not have."""
    spoken = service.languages
    if other := sorted(service.sentiment.keys() - spoken.keys()):
        raise _missing(path, f"sentiment.{other[0]}", f"languages.{other[0]}")
    said = service.intent.small_talk if service.intent else {}
    for label, name in said.items():
        for language, speech in spoken.items():
            if name not in speech.small_talk:
                wanted = f"languages.{language}.small_talk.{name}"
                raise _missing(path, f"intent.small_talk.{label}", wanted)


def _missing(path: Path, key: str, wanted: str) -> SettingsError:
    return SettingsError(
        f"{path}: `{key}` has no `{wanted}`",
        expected="both, or neither",
        cure=f"add `{wanted}` to {path}, or take `{key}` out",
    )
