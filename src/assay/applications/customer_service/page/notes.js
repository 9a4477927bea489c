// What an agent sees beside a turn: what was understood, from where the answer comes, who judged.

import { judge } from "./calls.js";
import { make } from "./parts.js";
import { word } from "./words.js";

/** Make the notes of a turn; with `labels`, its intent can be judged. */
export function notes(session, turn, labels) {
  return make(
    "aside",
    { class: "notes", label: "notes", "aria-live": "off" },
    facts(turn.understanding),
    turn.hand_over && handed(turn.hand_over),
    turn.quotes.length > 0 ? sources(turn.quotes) : null,
    labels.length > 0 ? judging(session, turn, labels) : null,
    versions(turn.versions),
  );
}

function facts(heard) {
  const shown = make("dl", { class: "facts" });
  shown.append(
    make("dt", { word: "intent" }),
    fact(heard.intent ? null : "none", heard.intent_score, { text: heard.intent }),
    make("meter", { label: "intent", min: 0, max: 1, value: heard.intent_score }),
    make("dt", { word: "mood" }),
    fact(heard.mood, heard.mood_score, { alarm: heard.mood === "angry" }),
    make("dt", { word: "heard" }),
    fact(heard.in_scope ? "inScope" : "outOfScope", null, { alarm: !heard.in_scope, beside: heard.language }),
  );
  return shown;
}

/** Make a fact of a word of the page, or of a text, with a score or another word beside it. */
function fact(name, score, { text = null, alarm = false, beside = null } = {}) {
  const value = make("span", { class: alarm ? "alarm" : null, ...(name ? { word: name } : { text }) });
  const number = score == null ? null : make("span", { class: "score", text: score.toFixed(2) });
  return make("dd", {}, value, number, beside && make("span", { class: "score", word: beside }));
}

function handed({ reason, note }) {
  return make(
    "section",
    {},
    make("h3", { word: "handOver" }),
    make("p", { class: "title alarm", word: reason }),
    make("p", { text: note }),
  );
}

function sources(quotes) {
  return make("section", {}, make("h3", { word: "sources" }), ...quotes.flatMap(source));
}

function source(quote) {
  const whole = quote.answer === quote.text ? ["", ""] : around(quote);
  const marked = make("mark", { text: quote.text });
  return [
    make("p", { class: "title", text: quote.question }),
    make("p", { class: "whole" }, whole[0], marked, whole[1]),
  ];
}

// Places count characters as Python does: one each, also beyond the basic plane.
function around(quote) {
  const letters = Array.from(quote.answer);
  return [letters.slice(0, quote.start).join(""), letters.slice(quote.end).join("")];
}

function versions(given) {
  const names = Object.entries(given).map(([name, version]) => `${name} ${version}`);
  if (names.length === 0) return null;
  return make("p", { class: "versions", text: names.join(" · ") });
}

function judging(session, turn, labels) {
  const part = make("section", {});
  if (turn.judged) {
    part.append(...judged(turn.judged === "up" ? turn.understanding.intent : turn.label));
    return part;
  }
  const said = make("p", { class: "alarm", role: "status" });
  const give = async (given) => {
    try {
      const { label } = await judge({ session, turn: turn.turn, role: "agent", ...given });
      part.replaceChildren(...judged(label));
    } catch (problem) {
      said.textContent = problem.message || word("unreachable");
    }
  };
  const known = labels.includes(turn.understanding.intent);
  const right = make("button", { type: "button", class: "plain right", word: "right", on: () => give({ verdict: "up" }) });
  const chosen = make("select", { label: "correct" }, make("option", { value: "", word: "choose" }));
  chosen.append(...labels.filter((one) => one !== turn.understanding.intent).map((text) => make("option", { value: text, text })));
  const save = make("button", { type: "button", class: "solid save", word: "save", hidden: true });
  chosen.addEventListener("change", () => { save.hidden = !chosen.value; });
  save.addEventListener("click", () => give({ verdict: "down", label: chosen.value }));
  part.append(make("div", { class: "judging" }, known ? right : null, chosen, save), said);
  return part;
}

function judged(label) {
  if (!label) return [make("p", { word: "judged" })];
  return [make("h3", { word: "learned" }), make("p", { class: "title learned", text: label })];
}
