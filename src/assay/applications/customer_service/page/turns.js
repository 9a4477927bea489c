// One turn of the conversation as it is shown: the message, the reply, its sources.

import { judge } from "./calls.js";
import { notes } from "./notes.js";
import { drawing, make } from "./parts.js";
import { tag, word } from "./words.js";

const UP = "M3 9h3v8H3zM6 9l4-7c1.5 0 2.3 1 2 2.5L11.5 8H16c1 0 1.7 1 1.5 2l-1.3 5.5c-.2.9-1 1.5-1.9 1.5H6";
const DOWN = "M3 11h3V3H3zM6 11l4 7c1.5 0 2.3-1 2-2.5L11.5 12H16c1 0 1.7-1 1.5-2l-1.3-5.5C16 3.6 15.2 3 14.3 3H6";
const PERSON = "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17.5c.6-3.3 3.2-5 6.5-5s5.9 1.7 6.5 5";

/** Make a turn of which the message alone is known; its parts are filled in by `fill`. */
export function begun(text) {
  const waiting = make("p", { class: "waiting" }, ...[1, 2, 3].map(() => make("i", { "aria-hidden": "true" })));
  const replied = make("div", { class: "replied" }, waiting);
  return make("article", { class: "turn" }, make("div", { class: "talk" }, said(text), replied));
}

/** Show a turn that came; `choose` is called with the option that is chosen. */
export function fill(article, session, turn, { labels, choose, tell }) {
  const talk = article.querySelector(".talk");
  const shown = [
    make("p", { class: "reply" }, unseen("reply"), unnumbered(turn)),
    turn.hand_over && make("p", { class: "person" }, drawing(PERSON), make("span", { word: "person" })),
    turn.options.length > 0 && options(turn.options, choose),
    turn.quotes.length > 0 && sources(turn.quotes),
    turn.quotes.length > 0 && thumbs(session, turn, tell),
  ].filter(Boolean);
  const replied = make("div", { class: "replied", lang: tag(turn.language) }, ...shown);
  // What was sent may hold what is masked by now.
  talk.replaceChildren(said(turn.text), replied);
  article.querySelector(".notes")?.remove();
  if (turn.understanding) article.append(notes(session, turn, labels));
}

/** Show that a message got no reply, and a button that sends it again. */
export function failed(article, sentence, again) {
  const button = make("button", { type: "button", class: "plain", word: "again", on: again });
  const shown = make("p", { class: "failed" }, sentence || word("unreachable"));
  article.querySelector(".replied").replaceChildren(shown, make("p", {}, button));
}

/** Make buttons of questions to choose from. */
export function options(questions, choose) {
  const buttons = questions.map((text) => make("button", { type: "button", text, on: () => choose(text) }));
  return make("div", { class: "options", role: "group", label: "options" }, ...buttons);
}

/** Return a reply without the lines that its buttons say. */
function unnumbered({ reply, options: questions }) {
  const lines = new Set(questions.map((question, place) => `${place + 1}. ${question}`));
  return reply.split("\n").filter((line) => !lines.has(line)).join("\n");
}

const unseen = (name) => make("span", { class: "unseen", word: name });
const said = (text) => make("p", { class: "said" }, unseen("you"), text);

function sources(quotes) {
  const questions = [...new Set(quotes.map((quote) => quote.question))];
  const lines = questions.map((text) => make("p", { class: "source", text }));
  return make("div", { class: "sources" }, make("h3", { word: "source" }), ...lines);
}

function thumbs(session, turn, tell) {
  const button = (verdict, line) => {
    const pressed = String(turn.verdict === verdict);
    const given = { type: "button", class: "quiet", label: verdict, "aria-pressed": pressed, "data-verdict": verdict };
    return make("button", { ...given, on: () => rate(verdict) }, drawing(line));
  };
  const group = make("div", { class: "thumbs", role: "group", label: "helpful" }, button("up", UP), button("down", DOWN));
  async function rate(verdict) {
    try {
      await judge({ session, turn: turn.turn, verdict });
    } catch (problem) {
      return tell(problem.message || word("unreachable"));
    }
    for (const one of group.children) one.setAttribute("aria-pressed", String(one.dataset.verdict === verdict));
    return tell(word("thanks"));
  }
  return group;
}
