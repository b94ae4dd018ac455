// Keeps a page up to date: asks once a second whether anything changed, and then replaces what
// differs in the parts that are marked with data-live. Forms stand outside of them.
"use strict";

const PAUSE = 1000; // milliseconds
let version = null;
let timer = null;
let unsaid = "";

// What a person did to a part, and must not lose when its content is replaced
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

// Into a region that screen readers speak, and only when it is news
function say(id, text) {
  const region = document.getElementById(id);
  if (region.textContent !== text) region.textContent = text;
}

async function refresh() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(location.href, {
        cache: "no-store",
        headers: version ? { "If-None-Match": version } : {},
      });
      const news = document.getElementById("news");
      if (answer.ok) {
        const before = news.textContent;
        update(new DOMParser().parseFromString(await answer.text(), "text/html"));
        version = answer.headers.get("ETag");
        if (news.textContent !== before) unsaid = news.textContent;
      } else if (unsaid) {
        say("spoken", unsaid); // once, when a recipe that changes much has come to rest
        unsaid = "";
      }
      say("link-state", answer.ok || answer.status === 304 ? "" : "This is gone: reload the page.");
    } catch {
      say("link-state", "The sandbox does not answer. Start it again: python -m sandbox");
    }
    timer = setTimeout(refresh, PAUSE);
  }
}

document.addEventListener("visibilitychange", refresh);
refresh();
