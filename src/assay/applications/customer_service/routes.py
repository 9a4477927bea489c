"""The service's addresses: its page, turns as JSON or as a stream, conversations, feedback.

``GET  /service/``                the page; its files are below ``/service/static/``
``GET  /service/about``           company, languages, models and their versions
``POST /service/turn``            ``{"session": null or id, "text": ...}``: one turn; as a stream of
                                  events with ``Accept: text/event-stream``: what was understood,
                                  then the turn, whole, for no part of a reply is sent unchecked
``GET  /service/sessions/{id}``   the conversation as JSON, or as text with ``Accept: text/plain``
                                  or ``?format=text``
``DELETE /service/sessions/{id}`` deletes it
``POST /service/feedback``        ``{"session", "turn", "verdict": "up" or "down"}``: what the
                                  customer thinks of a reply; an agent adds ``"role": "agent"``
                                  where the intent is right, or is ``label``

Reads requests. Writes what sessions and feedback write. An id is all that a conversation is asked
for by: whoever has it may read on. Refusals are raised: the application around the routes makes
``{"error": sentence}`` of them, and gives every answer its headers. No text is logged.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.from_thread
import anyio.to_thread
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from assay.applications.customer_service import asked, shown
from assay.applications.customer_service.answering import WAITING, WORKERS, Desk
from assay.applications.customer_service.events import EVENTS, EventStream
from assay.applications.customer_service.pages import PAGE, page_file
from assay.serving.access.callers import caller_of
from assay.serving.refusals import BadRequest, Forbidden, Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from assay.applications.customer_service.composed import Composed
    from assay.applications.customer_service.events import Emit
    from assay.applications.customer_service.sessions import Entry, Session, Sessions
    from assay.applications.customer_service.turn import Understanding

    Handler = Callable[[Request], Awaitable[Response]]

# A caller with one of these scopes sees what agents see.
AGENTS: frozenset[str] = frozenset({"admin"})
TEXT = "text/plain"


def is_admin(request: Request) -> bool:
    """Tell whether a request comes from an agent; where nobody has a token, from anybody."""
    return not AGENTS.isdisjoint(caller_of(request.scope).scopes)


def routes(
    now: Callable[[], Composed],
    sessions: Sessions,
    *,
    is_agent: Callable[[Request], bool] = is_admin,
    workers: int = WORKERS,
    waiting: int = WAITING,
) -> list[Route]:
    """Return the service's routes.

    Args:
        now: returns the service as it is now; a turn keeps what it began with.
        sessions: where conversations are kept.
        is_agent: which requests see and may do what agents do.
        workers: messages that are answered at a time.
        waiting: messages that may wait beside them.

    """
    desk = Desk(lambda: now().dialogue, sessions, workers=workers, waiting=waiting)
    service = _Service(desk, sessions, now, is_agent)
    handlers: tuple[tuple[str, Handler, str], ...] = (
        ("/service", _to_page, "GET"),
        ("/service/", _page, "GET"),
        ("/service/static/{name}", _static, "GET"),
        ("/service/about", service.about, "GET"),
        ("/service/turn", service.turn, "POST"),
        ("/service/sessions/{id}", service.conversation, "GET"),
        ("/service/sessions/{id}", service.delete, "DELETE"),
        ("/service/feedback", service.feedback, "POST"),
    )
    return [Route(path, handler, methods=[verb]) for path, handler, verb in handlers]


async def _to_page(_request: Request) -> Response:
    return RedirectResponse("/service/")


async def _page(request: Request) -> Response:
    return page_file(PAGE, request)


async def _static(request: Request) -> Response:
    return page_file(request.path_params["name"], request)


@dataclass(frozen=True)
class _Service:
    """The handlers, with what they answer from."""

    desk: Desk
    sessions: Sessions
    now: Callable[[], Composed]
    is_agent: Callable[[Request], bool]

    async def about(self, request: Request) -> Response:
        agent = self.is_agent(request)
        now = self.now()
        answer = shown.about(now.about, agent=agent, correcting=now.inbox is not None)
        return JSONResponse(answer)

    async def turn(self, request: Request) -> Response:
        message = await asked.read(request, asked.Message)
        text = asked.require_text(message.text)
        session = await self.desk.session(message.session)
        agent = self.is_agent(request)
        if EVENTS in request.headers.get("accept", ""):
            # Before the answer begins: later on its status can't say so.
            self.desk.require_room()
            return EventStream(partial(self._emit, session, text, agent))
        entry = await self.desk.answer(session, text)
        return JSONResponse(self._shown(session, entry, agent=agent))

    async def conversation(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        entries = await anyio.to_thread.run_sync(self.sessions.entries, id_)
        agent, about = self.is_agent(request), self.now().about
        if _wants_text(request):
            kept = shown.transcript(entries, about, agent=agent)
            name = {"content-disposition": 'attachment; filename="conversation.txt"'}
            return Response(kept, media_type=TEXT, headers=name)
        turns = [shown.entry(one, about, agent=agent) for one in entries]
        return JSONResponse({"session": id_, "turns": turns})

    async def delete(self, request: Request) -> Response:
        await anyio.to_thread.run_sync(self.sessions.delete, request.path_params["id"])
        return Response(status_code=204)

    async def feedback(self, request: Request) -> Response:
        given = await asked.read(request, asked.Judgement)
        if given.role == "agent" and not self.is_agent(request):
            raise Forbidden("only agents may judge or correct an intent")
        judge = self._judge if given.role == "agent" else self._rate
        learned = await anyio.to_thread.run_sync(judge, given)
        return JSONResponse({"recorded": True, "label": learned})

    def _rate(self, given: asked.Judgement) -> None:
        if given.label is not None:
            raise BadRequest("label: only agents may correct an intent")
        self.sessions.rate(given.session, given.turn, given.verdict)

    def _judge(self, given: asked.Judgement) -> str | None:
        """Note what an agent says of an intent; return the label that will be learned, if any."""
        if given.verdict == "up" and given.label is not None:
            raise BadRequest("label: belongs to the verdict down")
        inbox = self.now().inbox
        label = inbox.require(given.label) if inbox and given.label else None
        with self.sessions.judging(given.session, given.turn, given.verdict, label) as entry:
            heard = entry.turn.understanding
            learned = heard.intent if given.verdict == "up" else label
            if inbox is None or learned not in inbox.labels:
                return None
            inbox.add(heard.text_masked, learned, time.time())
            return learned

    async def _emit(self, session: Session, text: str, agent: bool, emit: Emit) -> None:
        """Emit what was understood, then the whole turn; instead of it a refusal."""

        def tell(heard: Understanding) -> None:
            anyio.from_thread.run(emit, "understanding", shown.understanding(heard, agent=agent))

        try:
            entry = await self.desk.answer(session, text, tell)
        except Refusal as problem:
            await emit("error", {"error": str(problem)})
        else:
            await emit("turn", self._shown(session, entry, agent=agent))

    def _shown(self, session: Session, entry: Entry, *, agent: bool) -> dict[str, Any]:
        return {"session": session.id, **shown.entry(entry, self.now().about, agent=agent)}


def _wants_text(request: Request) -> bool:
    wanted = request.query_params.get("format")
    if wanted not in (None, "json", "text"):
        raise BadRequest("format: expected json or text")
    accepted = request.headers.get("accept", "")
    return wanted == "text" or (wanted is None and accepted.startswith(TEXT))
