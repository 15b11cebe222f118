// Live pages: no polling while the tab is hidden, and a message when the server does not answer.
(() => {
  "use strict";
  const stale = document.getElementById("stale");
  const polls = (event) => event.target.matches?.("[hx-trigger*=every]");

  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && polls(event)) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.querySelectorAll("[hx-trigger*=look]").forEach((element) => {
      element.dispatchEvent(new Event("look"));
    });
  });
  const failed = (event) => { if (polls(event)) stale.hidden = false; };
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", failed);
  document.addEventListener("htmx:after:swap", () => {
    stale.hidden = true;
    const title = document.getElementById("live")?.dataset.title;
    if (title) document.title = title;
  });
})();
