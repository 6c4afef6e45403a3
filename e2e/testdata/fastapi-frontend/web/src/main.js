import { show } from "./notes.js";

document.title = TITLE;
fetch("/api/notes").then((answer) => answer.json()).then((notes) => show(document.querySelector("ul"), notes));
