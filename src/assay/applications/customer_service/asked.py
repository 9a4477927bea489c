"""What requests may ask, within bounds: a body is refused before it is read whole.

Reads a request's body. Writes nothing. A refusal never quotes what was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from assay.serving.refusals import BadRequest, TooLarge

if TYPE_CHECKING:
    from starlette.requests import Request

BODY = 32 * 1024  # bytes; a letter may take 12 of them
LONGEST = 2000  # letters of a message
JSON = "application/json"

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Asked(BaseModel):
    """A request's body: unknown fields are refused, nothing is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Message(Asked):
    """One message of a conversation; of none yet, it begins one."""

    session: Id | None = None
    text: str


class Judgement(Asked):
    """What is thought of a turn.

    Attributes:
        session: the conversation.
        turn: its place in it; the first is 0.
        verdict: of a customer on the reply, of an agent on the intent.
        role: as whom; an agent's scope is checked.
        label: with an agent's ``down``, the intent that the message really has.

    """

    session: Id
    turn: int
    verdict: Literal["up", "down"]
    role: Literal["customer", "agent"] = "customer"
    label: str | None = None


A = TypeVar("A", bound=Asked)


async def read(request: Request, kind: type[A]) -> A:
    """Read the JSON body of a request.

    Raises:
        BadRequest: no JSON, or none of this kind.
        TooLarge: it has more than :data:`BODY` bytes.

    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON:
        # A page of another site can send other types without asking (CORS, "simple requests").
        raise BadRequest(f"the body must be of the type {JSON}")
    try:
        return kind.model_validate_json(await _body(request))
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BadRequest(f"{place or 'the body'}: {first['msg']}") from None


def require_text(text: str) -> str:
    """Return a message without white space around it.

    Raises:
        BadRequest: it is blank.
        TooLarge: it is too long.

    """
    found = text.replace("\0", "").strip()
    if not found:
        raise BadRequest("the message is blank")
    if len(found) > LONGEST:
        raise TooLarge(f"the message has {len(found):,} letters; {LONGEST:,} are the most")
    return found


async def _body(request: Request) -> bytes:
    stated = request.headers.get("content-length", "0")
    refusal = TooLarge(f"the body is larger than {BODY:,} bytes")
    if stated.isascii() and stated.isdigit() and int(stated[:20]) > BODY:
        raise refusal
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            raise refusal
    return bytes(body)
