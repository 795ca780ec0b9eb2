// Reads the page again every ten seconds and puts the new content in place of the old one, so that neither the place on the
// page nor what is typed is lost. Without script, the browser reads the whole page again, more rarely.
"use strict";

const EVERY_MS = 10000;
const main = document.getElementById("main");
let stopped = false;

const button = document.createElement("button");
button.type = "button";
button.className = "quiet";
button.addEventListener("click", () => {
  stopped = !stopped;
  label();
});
label();
main.after(wrapped(button));

function label() {
  button.textContent = stopped ? "Go on refreshing" : "Stop refreshing";
}

function wrapped(element) {
  const place = document.createElement("div");
  place.className = "brand";
  place.append(element);
  return place;
}

// Whoever reads with the keyboard, types, or has marked text is not disturbed.
function busy() {
  const focus = document.activeElement;
  const marked = document.getSelection();
  return (main.contains(focus) && focus !== main) || (marked && !marked.isCollapsed);
}

async function refresh() {
  if (stopped || document.hidden || busy()) return;
  try {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) return;
    const read = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = read.getElementById("main");
    if (fresh && !busy()) main.replaceChildren(...fresh.childNodes);
  } catch {
    // The node or the line is gone for the moment; what is shown says as of when it is.
  }
}

setInterval(refresh, EVERY_MS);
