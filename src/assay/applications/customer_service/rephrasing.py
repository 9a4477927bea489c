"""A quote in a language model's words, as far as the quote supports them.

Reads and writes nothing. The model sees the quoted entry alone: its question, and the quote. The
customer's message never reaches it, so no message can tell it what to say; and whatever it writes
goes through :func:`assay.applications.customer_service.grounding.grounded`.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from assay.applications.customer_service import grounding
from assay.bundle.sampling import Sampling

if TYPE_CHECKING:
    from assay.applications.customer_service.grounding import Checked
    from assay.applications.customer_service.settings import Rephrasing
    from assay.applications.customer_service.turn import Quote
    from assay.bundle.language_model import LanguageModel

# The most probable words: one quote is always said in the same way.
GREEDY = Sampling(temperature=0)


class Rephraser:
    """Puts quotes in other words."""

    def __init__(self, model: LanguageModel, asked: Rephrasing) -> None:
        """Use a model by a service's settings."""
        self.model, self.asked = model, asked
        # One text takes all threads that the model has: two at once would share them.
        self.lock = Lock()

    def written(self, quote: Quote) -> str:
        """Return what the model writes of a quote, unchecked: to be measured, never to be said."""
        # In one pass: a quote that holds "{question}" stays as it is.
        places = {"{question}": quote.question, "{answer}": quote.text}
        prompt = self.asked.prompt
        for place in places:
            prompt = prompt.replace(place, f"\0{place}\0")
        prompt = "".join(places.get(part, part) for part in prompt.split("\0"))
        with self.lock:
            return "".join(
                self.model.write(prompt, self.asked.max_tokens, GREEDY, stop=self.asked.stop)
            )

    def said(self, quote: Quote) -> Checked:
        """Return what may be said of what the model writes of a quote."""
        return grounding.grounded(quote.text, self.written(quote))
