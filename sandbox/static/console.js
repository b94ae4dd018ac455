// Updates a page: checks once a second for changes, and replaces the parts with data-live that differ.
// Forms are outside of these parts.
"use strict";

const PAUSE = 1000; // milliseconds
let version = null;
let timer = null;
let unsaid = "";

// Returns a function that restores focus, open details and scrolling after a part was replaced
function remember(part) {
  const active = document.activeElement;
  const focused = part.contains(active) ? active : null;
  const open = [...part.querySelectorAll("details[open]")].map((one) => one.id);
  const scrolled = [...part.querySelectorAll(".box")].map((box) => [box.id, box.scrollLeft]);
  const same = focused && (focused.id ? `#${CSS.escape(focused.id)}` : likeIt(focused));
  return () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, left] of scrolled) {
      const box = document.getElementById(id);
      if (box) box.scrollLeft = left;
    }
    if (same) part.querySelector(same)?.focus({ preventScroll: true });
  };
}

function likeIt(element) {
  const details = element.closest("details");
  if (details) return `#${CSS.escape(details.id)} > ${element.localName}`;
  const href = element.getAttribute("href");
  return href === null ? element.localName : `[href="${CSS.escape(href)}"]`;
}

function update(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.innerHTML === part.innerHTML) continue;
    const restore = remember(part);
    part.replaceChildren(...next.childNodes);
    restore();
  }
}

// Screen readers speak these regions, so they change only when the text does
function say(id, text) {
  const region = document.getElementById(id);
  if (region.textContent !== text) region.textContent = text;
}

async function refresh() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") {
    try {
      const response = await fetch(location.href, {
        cache: "no-store",
        headers: version ? { "If-None-Match": version } : {},
      });
      const news = document.getElementById("news");
      if (response.ok) {
        const before = news.textContent;
        update(new DOMParser().parseFromString(await response.text(), "text/html"));
        version = response.headers.get("ETag");
        if (news.textContent !== before) unsaid = news.textContent;
      } else if (unsaid) {
        say("spoken", unsaid); // once, when a recipe has stopped changing things
        unsaid = "";
      }
      say("link-state", response.ok || response.status === 304 ? "" : "This page is gone. Reload it.");
    } catch {
      say("link-state", "The sandbox doesn't respond. Start it again: python -m sandbox");
    }
    timer = setTimeout(refresh, PAUSE);
  }
}

document.addEventListener("visibilitychange", refresh);
refresh();
