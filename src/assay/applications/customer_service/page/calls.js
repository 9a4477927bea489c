// What the page asks of the service.

const TOKEN = "token";
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
const place = (session) => `/service/sessions/${encodeURIComponent(session)}`;

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

/** Take a token from the address (`#token=...`), where the server wants one, and show it no more. */
export function keepToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get(TOKEN);
  if (!given) return;
  sessionStorage.setItem(TOKEN, given);
  history.replaceState(null, "", location.pathname);
}

/** Return a conversation as a file: `form` is text or json. */
export async function saved(session, form) {
  const answer = await answered(`${place(session)}?format=${form}`);
  return answer.blob();
}

async function answered(address, given = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...given.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(address, { ...given, headers });
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
