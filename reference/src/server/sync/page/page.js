// The chat page: a PIN form, the chats of all projects, and the messages of one chat.
//
// For tests: `?server=ws://host:port/sync` connects to another server, `#pin=…` submits a PIN at once, and `base`, `cap` and `jitter` in the
// query set the policy, in ms.

import { Connection } from "./connection.js";

const $ = (id) => document.getElementById(id);
const given = new URLSearchParams(location.search);
const server = given.get("server") ?? `${location.origin.replace(/^http/, "ws")}/sync`;
const policy = Object.fromEntries(["base", "cap", "jitter"].filter((name) => given.has(name)).map((name) => [name, Number(given.get(name))]));

let connection = null;
let shown = null;

function open(pin) {
  $("login").hidden = true;
  connection = new Connection(server, pin, { state, lists, refused }, policy);
}

function state(text) {
  $("state").textContent = text;
}

function refused(why) {
  connection = null;
  state(why);
  $("inside").hidden = true;
  $("login").hidden = false;
  $("pin").value = "";
  $("pin").focus();
}

function lists({ projects = [] }) {
  $("inside").hidden = false;
  for (const { id, name } of projects) {
    if (document.querySelector(`[data-project="${CSS.escape(id)}"]`) !== null) continue;
    const section = document.createElement("section");
    section.dataset.project = id;
    const title = document.createElement("h2");
    title.textContent = name;
    section.append(title);
    $("chats").append(section);
    const add = (chat) => section.append(button(chat));
    const all = ({ chats = [] }) => section.replaceChildren(title, ...chats.map(button));
    connection.subscribe("project", id, all, ({ chat }) => chat !== undefined && add(chat));
  }
}

function button({ id, name }) {
  const button = document.createElement("button");
  button.textContent = name;
  button.dataset.chat = id;
  button.addEventListener("click", () => show(id, name));
  if (id === shown) button.setAttribute("aria-current", "true");
  return button;
}

function show(id, name) {
  if (shown !== null) connection.unsubscribe("chat", shown);
  shown = id;
  for (const one of document.querySelectorAll("[data-chat]")) one.toggleAttribute("aria-current", one.dataset.chat === id);
  $("chat").hidden = false;
  $("name").textContent = name;
  $("messages").replaceChildren();
  const all = ({ messages = [] }) => $("messages").replaceChildren(...messages.map(line));
  connection.subscribe("chat", id, all, ({ message }) => {
    if (message !== undefined) $("messages").append(line(message));
    $("messages").lastElementChild?.scrollIntoView();
  });
}

function line({ role, content, seq }) {
  const line = document.createElement("li");
  line.dataset.seq = String(seq);
  line.textContent = `${role}: ${content}`;
  return line;
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  open($("pin").value);
});

$("writing").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value;
  $("text").value = "";
  try {
    await connection.send(shown, text);
  } catch (error) {
    $("text").value = text;
    state(error.message);
  }
});

const pin = new URLSearchParams(location.hash.slice(1)).get("pin");
if (pin !== null) open(pin);
