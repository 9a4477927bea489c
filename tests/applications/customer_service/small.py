"""A small company with a real engine: what the routes, the page and the command are tried on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pandas as pd
from ruamel.yaml import YAML

from tests.made import MODEL, built

if TYPE_CHECKING:
    from pathlib import Path

COMPANY = "Corner Shop 街角商店"
RETURNS = (
    "Send it back within 30 days. 😀 Print the label from your account. We pay for the parcel."
)
ENTRIES = (
    ("returns", "en", "negative", "How do I return an item?", RETURNS),
    ("returns", "en", "negative", "Can I send something back?", ""),
    ("track", "en", "neutral", "Where is my order?", "Your account shows where each parcel is."),
    ("refund", "en", "positive", "When do I get my refund?", "Five days after the parcel is here."),
    ("refund-card", "en", "positive", "When do I get my gift card?", "By mail, at once."),
    ("returns-zh", "zh", "negative", "怎样退货？", "收到后三十天内可以退货。运费由我们承担。"),
    ("track-zh", "zh", "neutral", "我的订单在哪里？", "您的账户里可以看到包裹的位置。"),
)
REASONS = ("asked_for_a_person", "angry_twice", "out_of_scope", "low_confidence")


def _speech(sorry: str, which: str, again: str, colleague: str, **more: Any) -> dict[str, Any]:
    """Return the phrases of one language."""
    return {
        "answer": {"neutral": "{answer}", "angry": f"{sorry}{{answer}}", "happy": "{answer}"},
        "clarify": which,
        "unclear": again,
        "hand_over": dict.fromkeys(REASONS, colleague),
        **more,
    }


SPEECH = {
    "en": _speech(
        "I am sorry. ",
        "Which of these do you mean?",
        "Please ask me in other words.",
        "A colleague will go on.",
        small_talk={"greeting": "Hello."},
        heard={"greeting": ["hello"]},
        person=["a person"],
    ),
    "zh": _speech(
        "很抱歉。",
        "您指的是哪一个？",
        "请换一种说法。",
        "我们的同事会继续为您服务。",
        person=["人工"],
    ),
}


def lay_out(folder: Path, *, intent: str | None = None) -> Path:
    """Write the company's files into ``folder``; return the service's."""
    names = ("id", "language", "intent", "question", "answer")
    pd.DataFrame(ENTRIES, columns=list(names)).to_csv(folder / "knowledge.csv", index=False)
    content = {
        "company": COMPANY,
        "knowledge": "knowledge.csv",
        "languages": SPEECH,
        "thresholds": {"answer": 0.5, "clarify": 0.2},
    }
    if intent:
        content["intent"] = {"model": intent}
    with (folder / "service.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(content, stream)
    return folder / "service.yaml"


def with_model(folder: Path, checkpoint: Path) -> Path:
    """Make ``folder`` a project with a real intent model, and the company; return its file."""
    shutil.copytree(built(checkpoint), folder, dirs_exist_ok=True)
    return lay_out(folder, intent=MODEL)
