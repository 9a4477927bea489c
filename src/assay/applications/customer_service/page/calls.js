// What the page asks of the service.

const JSON_TYPE = { "content-type": "application/json" };

/** What the service refused: its sentence, and the status. */
export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

export const about = () => asked("/service/about");
export const conversation = (session) => asked(place(session));
export const remove = (session) => asked(place(session), { method: "DELETE" });
export const place = (session) => `/service/sessions/${encodeURIComponent(session)}`;

export function judge(given) {
  return asked("/service/feedback", { method: "POST", headers: JSON_TYPE, body: JSON.stringify(given) });
}

/** Send a message; call `heard` when it was understood, and return the turn. */
export async function send(session, text, heard) {
  const headers = { ...JSON_TYPE, accept: "text/event-stream" };
  const body = JSON.stringify({ session, text });
  const answer = await answered("/service/turn", { method: "POST", headers, body });
  for await (const { event, data } of events(answer.body)) {
    if (event === "understanding") heard(data);
    if (event === "turn") return data;
    if (event === "error") throw new Refused(data.error, 200);
  }
  throw new Refused("", 0);
}

async function asked(address, given) {
  const answer = await answered(address, given);
  return answer.status === 204 ? null : answer.json();
}

async function answered(address, given) {
  const answer = await fetch(address, given);
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refused(said.error ?? "", answer.status);
}

/** Yield server-sent events as they come; `data` is JSON on one line. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (kept + value).split("\n\n");
    kept = whole.pop();
    for (const one of whole) {
      const [, event, data] = one.match(/^event: (.*)\ndata: (.*)$/);
      yield { event, data: JSON.parse(data) };
    }
  }
}
