// A file dropped anywhere on the page goes into the form, and the form is sent. Without this script the
// form works as it stands.
"use strict";

const form = document.getElementById("form");
const input = document.getElementById("document");
const drop = document.getElementById("drop");

if (form && input && drop) {
  document.documentElement.classList.add("can-drop");

  let depth = 0;
  const holdsFile = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
  const mark = () => drop.classList.toggle("over", depth > 0);

  document.addEventListener("dragenter", (event) => {
    if (holdsFile(event)) {
      depth += 1;
      mark();
    }
  });
  document.addEventListener("dragleave", (event) => {
    if (holdsFile(event)) {
      depth = Math.max(0, depth - 1);
      mark();
    }
  });
  document.addEventListener("dragover", (event) => {
    if (holdsFile(event)) {
      event.preventDefault();
    }
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFile(event)) {
      return;
    }
    event.preventDefault();
    depth = 0;
    mark();
    if (event.dataTransfer.files.length > 0) {
      input.files = event.dataTransfer.files;
      form.requestSubmit();
    }
  });
}
