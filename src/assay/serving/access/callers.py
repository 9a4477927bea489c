"""Who sends a request, and what that client may do: routes ask it.

Reads and writes nothing but a request's scope, in which it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.serving.access.tokens import SCOPES
from assay.serving.refusals import Forbidden

if TYPE_CHECKING:
    from assay.asgi import Scope as Request
    from assay.serving.access.tokens import Scope, Token

KEY = "assay.caller"


@dataclass(frozen=True)
class Caller:
    """A client, by the token that it showed.

    Attributes:
        name: of the token; "": it showed none.
        scopes: what it may do.
        models: which it may ask; None: all.

    """

    name: str
    scopes: tuple[Scope, ...]
    models: tuple[str, ...] | None = None

    @classmethod
    def of(cls, token: Token) -> Caller:
        """Return who shows a token."""
        return cls(token.name, token.scopes, token.models)

    def may_ask(self, model: str) -> bool:
        """Return whether this client may ask a model, be there one of that name or not."""
        return "infer" in self.scopes and (self.models is None or model in self.models)

    def require_model(self, model: str) -> None:
        """Let a client ask a model that it may ask.

        Raises:
            Forbidden: it may not; whether there is such a model is not said.

        """
        if "infer" not in self.scopes:
            raise Forbidden("this token is not for asking models: it lacks the scope infer")
        if not self.may_ask(model):
            raise Forbidden(f"this token is not for the model {model!r}")

    def require_admin(self) -> None:
        """Let a client change what is served.

        Raises:
            Forbidden: it may not.

        """
        if "admin" not in self.scopes:
            raise Forbidden("this token may not change what is served: it lacks the scope admin")


# On loopback without tokens: whoever is on this machine may do all.
LOCAL = Caller("", SCOPES)
# Where no token is asked for though there are some: may do nothing but what the route does for all.
UNKNOWN = Caller("", (), ())


def caller_of(request: Request) -> Caller:
    """Return who sends a request, as :class:`assay.serving.access.authorization.Access` found."""
    found = request["state"][KEY]
    assert isinstance(found, Caller)  # noqa: S101 (what a type checker can't know)
    return found
