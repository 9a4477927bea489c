// The page: one conversation, kept in this tab, in one of two languages and two views.

import * as calls from "./calls.js";
import { make } from "./parts.js";
import { begun, failed, fill, options } from "./turns.js";
import { language, preferred, speak, tag, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const KEPT = "conversation";

let service = { company: "", languages: [], models: [], examples: {}, agent: false, labels: [] };
let session = sessionStorage.getItem(KEPT);
let busy = false;

const tell = (text) => { $("status").textContent = text; };
const parts = () => ({ labels: service.labels, choose: say, tell });

async function start() {
  calls.keepToken();
  speak(preferred());
  try {
    service = await calls.about();
  } catch (problem) {
    tell(problem.message || word("unreachable"));
  }
  $("view").hidden = !service.agent;
  view(service.agent && localStorage.getItem("view") === "agent");
  named();
  await restore();
  refresh();
}

/** Show what was said before this page was loaded anew. */
async function restore() {
  if (!session) return;
  try {
    const { turns } = await calls.conversation(session);
    for (const turn of turns) {
      const article = begun(turn.text);
      $("turns").append(article);
      fill(article, session, turn, parts());
    }
  } catch (problem) {
    keep(null);
    if (problem.status === 404) tell(word("expired"));
  }
}

/** Send a message and show what comes. */
async function say(text) {
  if (busy || !text.trim()) return;
  for (const button of document.querySelectorAll(".turn .options button")) button.disabled = true;
  const article = begun(text);
  $("turns").append(article);
  $("message").focus();
  await answer(article, text);
}

async function answer(article, text) {
  busy = true;
  tell(word("waiting"));
  refresh();
  article.scrollIntoView({ block: "end" });
  try {
    const turn = await sent(text);
    keep(turn.session);
    fill(article, session, turn, parts());
    if (language() !== turn.language) article.querySelector(".replied").lang = tag(turn.language);
    tell("");
  } catch (problem) {
    failed(article, problem.message && problem instanceof calls.Refused ? problem.message : "", () => answer(article, text));
    tell("");
  }
  busy = false;
  refresh();
  article.scrollIntoView({ block: "end" });
}

/** Send a message in this conversation; in a new one, where this has expired. */
async function sent(text) {
  const heard = () => tell(word("read"));
  try {
    return await calls.send(session, text, heard);
  } catch (problem) {
    if (problem.status !== 404 || !session) throw problem;
    keep(null);
    const turn = await calls.send(null, text, heard);
    tell(word("expired"));
    return turn;
  }
}

function keep(id) {
  session = id;
  if (id) sessionStorage.setItem(KEPT, id);
  else sessionStorage.removeItem(KEPT);
}

/** Begin anew: the conversation before stays where it is kept, until it expires. */
function clear() {
  keep(null);
  $("turns").replaceChildren();
  refresh();
  $("message").focus();
}

/** Save the conversation as a file of the user's. */
async function save(form, ending) {
  $("menu").hidePopover();
  try {
    const address = URL.createObjectURL(await calls.saved(session, form));
    make("a", { href: address, download: `conversation.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (problem) {
    tell(problem.message || word("unreachable"));
  }
}

async function remove() {
  $("sure").close();
  try {
    await calls.remove(session);
  } catch (problem) {
    if (problem.status !== 404) return tell(problem.message || word("unreachable"));
  }
  clear();
  return tell(word("deleted"));
}

/** Bring what depends on the conversation up to date. */
function refresh() {
  $("welcome").hidden = $("turns").children.length > 0;
  $("send").disabled = busy || !$("message").value.trim();
  for (const id of ["save-text", "save-json", "delete"]) $(id).disabled = !session;
}

function view(agent) {
  document.documentElement.dataset.view = agent ? "agent" : "customer";
  $("view").setAttribute("aria-checked", String(agent));
}

/** Show the company's name and examples in the page's language. */
function named() {
  if (service.company) $("company").textContent = service.company;
  document.title = $("company").textContent;
  const examples = service.examples[language()] ?? [];
  $("examples").replaceChildren(...options(examples, say).children);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("message").value;
  if (busy || !text.trim()) return;
  $("message").value = "";
  say(text);
});
$("message").addEventListener("input", refresh);
$("message").addEventListener("keydown", (event) => {
  // While a Chinese word is being composed, Enter chooses it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("form").requestSubmit();
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => { speak(button.dataset.language); named(); });
}
$("view").addEventListener("click", () => {
  const agent = document.documentElement.dataset.view !== "agent";
  localStorage.setItem("view", agent ? "agent" : "customer");
  view(agent);
  $("turns").lastElementChild?.scrollIntoView({ block: "end" });
});
$("save-text").addEventListener("click", () => save("text", "txt"));
$("save-json").addEventListener("click", () => save("json", "json"));
$("fresh").addEventListener("click", () => { $("menu").hidePopover(); clear(); });
$("delete").addEventListener("click", () => { $("menu").hidePopover(); $("sure").showModal(); });
$("keep").addEventListener("click", () => $("sure").close());
$("gone").addEventListener("click", remove);

start();
