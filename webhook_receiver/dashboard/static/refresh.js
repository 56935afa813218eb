// Keeps the page current: fetches it again and swaps the content, without touching the scroll.
const EVERY_MS = 5000;

const undisturbed = () =>
  document.visibilityState === "visible" && !window.getSelection().toString();

async function refresh() {
  if (undisturbed()) {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (!fresh) throw new Error(`status ${answer.status}`);
      const open = document.querySelector(".health[open]") !== null;
      const focused = document.activeElement?.getAttribute("href");
      document.getElementById("live").replaceWith(fresh);
      document.title = page.title;
      if (open) document.querySelector(".health")?.setAttribute("open", "");
      if (focused) document.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    } catch {
      const note = document.getElementById("asof");
      if (note && !note.dataset.lost) {
        note.dataset.lost = "yes";
        note.prepend("Reconnecting… data ");
      }
    }
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
