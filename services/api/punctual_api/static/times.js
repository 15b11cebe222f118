// Times: shown in the reader's own zone, with the UTC time on hover, and counted from now.
(() => {
  "use strict";
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const day = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
  const thisYear = new Intl.DateTimeFormat(undefined, day);
  const anyYear = new Intl.DateTimeFormat(undefined, { year: "numeric", ...day });
  const count = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  function span(seconds) {
    const whole = Math.floor(seconds);
    const at = units.findIndex(([size]) => whole >= size);
    if (at < 0) return "0 s";
    const [size, name] = units[at];
    const next = units[at + 1];
    const rest = next && whole < 10 * size ? Math.floor((whole % size) / next[0]) : 0;
    return `${count.format(Math.floor(whole / size))} ${name}` + (rest ? ` ${rest} ${next[1]}` : "");
  }

  function relative(milliseconds) {
    const seconds = (milliseconds - Date.now()) / 1000;
    if (Math.abs(seconds) < 1) return "now";
    return seconds > 0 ? `in ${span(Math.ceil(seconds))}` : `${span(-seconds)} ago`;
  }

  // A page learns of a start some seconds after it: until then what was next is not in the past.
  function next(milliseconds) {
    const past = Date.now() - milliseconds;
    return past > 0 && past < 6000 ? "now" : relative(milliseconds);
  }

  function local(date) {
    const now = new Date();
    if (date.toDateString() === now.toDateString()) return clock.format(date);
    return (date.getFullYear() === now.getFullYear() ? thisYear : anyYear).format(date);
  }

  function show(element) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) return;
    if (!element.title) element.title = `${element.dateTime.replace("T", " ").replace("Z", "")} UTC`;
    let text = local(date);
    if (element.dataset.show === "relative") text = relative(date.getTime());
    if (element.dataset.show === "next") text = next(date.getTime());
    if (element.dataset.show === "elapsed") text = span(Math.max(0, Date.now() - date.getTime()) / 1000);
    if (element.textContent !== text) element.textContent = text;
  }

  function showAll() {
    document.querySelectorAll("time[datetime]").forEach(show);
  }

  function fillZones() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.querySelectorAll("input[data-browser-zone]").forEach((input) => {
      if (zone && input.value === input.defaultValue) input.value = zone;
    });
  }

  showAll();
  fillZones();
  setInterval(() => document.hidden || showAll(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || showAll());
  document.addEventListener("htmx:after:swap", showAll);
})();
