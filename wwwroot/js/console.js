// What only the browser can do: connection overlay, relative times, keyboard in tables, log scrolling. No state of the console lives here.
(() => {
  const root = document.documentElement;

  // --- Connection -----------------------------------------------------------------------------------------------------
  const lost = document.getElementById("connection-lost");
  let lostAt = 0;
  const showLost = on => {
    if (on && !lostAt) { lostAt = Date.now(); }
    if (!on) { lostAt = 0; }
    root.classList.toggle("is-disconnected", on);
    if (lost) { lost.hidden = !on; }
  };
  const comeBack = async () => {
    // The server forgot this circuit (it was restarted): load the page anew as soon as it answers.
    for (;;) {
      try {
        const answer = await fetch("healthz", { cache: "no-store" });
        if (answer.ok) { location.reload(); return; }
      } catch { /* still down */ }
      await new Promise(resolve => setTimeout(resolve, 700));
    }
  };
  let returning = false;
  const reload = () => { if (!returning) { returning = true; showLost(true); comeBack(); } };

  // One request makes the connection, so that a gateway which leads each request to another replica has nothing to tear apart. A page that does not come to life, as where
  // WebSockets do not get through, is tried again with whatever transport does, and then the other way round; each time it is given longer.
  const attempt = JSON.parse(sessionStorage.getItem("console.attempt") ?? "0");
  const negotiates = attempt % 2 === 1;
  const isLive = () => document.querySelector(".shell[data-live=true]") !== null;
  setTimeout(() => {
    if (!isLive()) { sessionStorage.setItem("console.attempt", JSON.stringify(attempt + 1)); reload(); }
  }, 15000 * Math.min(attempt + 1, 4));

  Blazor.start({
    circuit: {
      configureSignalR: builder => (negotiates ? builder : builder.withUrl("_blazor", { skipNegotiation: true, transport: 1 })).withServerTimeout(9000).withKeepAliveInterval(3000),
      reconnectionOptions: { maxRetries: 1000000, retryIntervalMilliseconds: attempt => attempt === 0 ? 0 : Math.min(500 + attempt * 250, 3000) },
      reconnectionHandler: {
        onConnectionDown: async () => {
          showLost(true);
          for (let attempt = 0; ; attempt++) {
            try {
              // false: the server answers but does not know this circuit any more.
              if (await Blazor.reconnect()) { showLost(false); return; }
              reload();
              return;
            } catch { /* server unreachable */ }
            await new Promise(resolve => setTimeout(resolve, Math.min(300 + attempt * 200, 2000)));
          }
        },
        onConnectionUp: () => {
          showLost(false);
          document.dispatchEvent(new Event("console:connected"));
        },
      },
    },
  });

  // --- Relative times -------------------------------------------------------------------------------------------------
  // <time data-age datetime="…">: the server writes the first text, from then on it ages here without a round trip.
  const ageText = milliseconds => {
    const [s, m, h, d] = (root.dataset.ageUnits || "s m h d").split(" ");
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    if (seconds < 120) { return seconds + s; }
    const minutes = Math.floor(seconds / 60);
    if (minutes < 10) { const rest = seconds % 60; return minutes + m + (rest ? rest + s : ""); }
    if (minutes < 180) { return minutes + m; }
    const hours = Math.floor(minutes / 60);
    if (hours < 48) { return hours + h; }
    return Math.floor(hours / 24) + d;
  };
  const tick = () => {
    if (document.hidden) { return; }
    const now = Date.now();
    for (const element of document.querySelectorAll("time[data-age]")) {
      const at = Date.parse(element.dateTime);
      const text = element.firstChild;
      if (Number.isNaN(at) || !text) { continue; }
      const next = ageText(now - at);
      if (text.data !== next) { text.data = next; }
      const exact = new Date(at).toLocaleString(root.lang, { dateStyle: "medium", timeStyle: "long" });
      if (element.title !== exact) { element.title = exact; }
    }
  };
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);

  // --- Tabs -----------------------------------------------------------------------------------------------------------
  // On a phone a row of tabs is wider than the screen: the chosen one is brought into it.
  const strips = "nav.tabs, nav.access-tabs";
  const reveal = () => {
    for (const tab of document.querySelectorAll(`:is(${strips}) a[aria-current]`)) {
      const [strip, box] = [tab.parentElement, tab.getBoundingClientRect()];
      const room = strip.getBoundingClientRect();
      if (box.left < room.left) { strip.scrollLeft += box.left - room.left - 16; }
      if (box.right > room.right) { strip.scrollLeft += box.right - room.right + 16; }
    }
  };
  const bringsTabs = node => node.nodeType === 1 && (node.matches(strips) || node.querySelector(strips));
  new MutationObserver(changes => {
    if (changes.some(change => change.type === "attributes" || [...change.addedNodes].some(bringsTabs))) { requestAnimationFrame(reveal); }
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-current"] });
  reveal();

  // --- Keyboard -------------------------------------------------------------------------------------------------------
  const typing = target => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable=true]");
  const focusRow = (grid, row) => {
    if (!row) { return; }
    for (const other of grid.querySelectorAll("tr[data-row][tabindex='0']")) { other.tabIndex = -1; }
    row.tabIndex = 0;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const rowsOf = grid => [...grid.querySelectorAll("tr[data-row]")];
  const seen = element => element?.isConnected && element.offsetParent !== null;
  // Asks once a frame, for as long as an answer of the server may take. Whoever has moved on meanwhile is left alone.
  const idle = grid => [document.body, document.getElementById("content")].includes(document.activeElement) || grid?.contains(document.activeElement);
  const soon = (ready, then, frames = 900) => requestAnimationFrame(() => ready() ? then() : frames > 0 && soon(ready, then, frames - 1));

  // What is in focus keeps it while the page lives: a row that moves loses it in the browser, one that goes hands it to its neighbour,
  // and when a whole page makes place for another one, its content is next. Who uses a pointer has no focus to lose.
  let held = null;
  document.addEventListener("focusin", event => {
    const row = event.target.closest?.("tr[data-row]");
    const grid = row?.closest("[data-grid]");
    held = { grid, row, target: event.target, at: grid ? rowsOf(grid).indexOf(row) : -1 };
  });
  document.addEventListener("pointerdown", () => { held = null; });
  new MutationObserver(changes => {
    if (!held) { return; }
    if (held.row?.isConnected && changes.some(change => change.target.tagName === "TBODY")) { held.at = rowsOf(held.grid).indexOf(held.row); }
    if (document.activeElement !== document.body) { return; }
    const { grid, row, target, at } = held;
    if (seen(target)) { if (grid) { target.focus({ preventScroll: true }); } return; }
    if (grid && seen(grid)) {
      const rows = rowsOf(grid);
      const next = rows.includes(row) ? row : rows[Math.min(at, rows.length - 1)];
      if (next) { next.tabIndex = 0; }
      (next ?? grid).focus({ preventScroll: true });
    } else if (!target.isConnected && !document.querySelector(".mud-dialog, [data-close]")) {
      document.getElementById("content")?.focus({ preventScroll: true });
    }
  }).observe(document.body, { childList: true, subtree: true });

  // Where details open in place of the list, as on a phone, the focus goes with them, and back to the row when they are closed.
  // A list that is not shown forgets how far it was scrolled.
  let place = 0;
  const opened = row => {
    const grid = row.closest("[data-grid]");
    place = grid.scrollTop;
    soon(() => document.querySelector("[data-close]"), () => { if (!seen(grid) && idle(grid)) { document.querySelector("[data-close]").focus(); } });
  };
  const closed = (name, hidden) => soon(
    () => !document.querySelector("[data-close]") && seen(document.querySelector("[data-grid]")),
    () => {
      const grid = document.querySelector("[data-grid]");
      if (hidden) { grid.scrollTop = place; }
      const row = rowsOf(grid).find(one => one.querySelector("a[data-open]")?.textContent.trim() === name);
      if (!idle(grid)) { return; }
      if (row) { focusRow(grid, row); } else { grid.focus({ preventScroll: true }); }
    });
  const gridKey = (event, grid) => {
    const rows = rowsOf(grid);
    const current = event.target.closest("tr[data-row]");
    const at = rows.indexOf(current);
    const page = Math.max(1, Math.floor(grid.clientHeight / 34) - 2);
    const to = index => { event.preventDefault(); focusRow(grid, rows[Math.max(0, Math.min(rows.length - 1, index))]); };
    switch (event.key) {
      case "ArrowDown": to(at + 1); break;
      case "ArrowUp": to(at - 1); break;
      case "PageDown": to(at + page); break;
      case "PageUp": to(at - page); break;
      case "Home": if (current) { event.preventDefault(); grid.scrollTop = 0; requestAnimationFrame(() => focusRow(grid, rowsOf(grid)[0])); } break;
      case "End": if (current) { event.preventDefault(); grid.scrollTop = grid.scrollHeight; setTimeout(() => focusRow(grid, rowsOf(grid).at(-1)), 120); } break;
      case "Enter": if (current && event.target === current) { event.preventDefault(); current.querySelector("a[data-open]")?.click(); } break;
      case " ": if (current && event.target === current) { event.preventDefault(); current.querySelector("input[type=checkbox]")?.click(); } break;
    }
  };
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const dialog = document.querySelector(".mud-dialog, .mud-popover-open");
    if (event.key === "/" && !typing(event.target) && !dialog) {
      const filter = document.querySelector("[data-filter]");
      if (filter) { event.preventDefault(); filter.focus(); filter.select(); }
      return;
    }
    if (event.key === "Escape" && !dialog) {
      if (typing(event.target)) { event.target.blur(); return; }
      const close = document.querySelector("[data-close]");
      if (close) { close.click(); }
      return;
    }
    if (event.key === "ArrowDown" && event.target.matches?.("[data-filter]")) {
      const grid = document.querySelector("[data-grid]");
      if (grid) { event.preventDefault(); focusRow(grid, rowsOf(grid)[0]); }
      return;
    }
    const grid = event.target.closest?.("[data-grid]");
    if (grid && !typing(event.target)) { gridKey(event, grid); }
  });
  // An open menu whose button still has the focus would take it on Escape instead of closing.
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && event.target.matches?.("[aria-haspopup=menu][aria-expanded=true]")) { event.stopPropagation(); event.target.click(); }
  }, { capture: true });
  // A click anywhere on a row that is not itself a control opens the row.
  document.addEventListener("click", event => {
    const row = event.target.closest?.("tr[data-row]");
    if (row && !event.target.closest("a, button, input, label") && !String(getSelection())) { row.querySelector("a[data-open]")?.click(); }
    // Without this the router takes the link, and the focus stays.
    if (event.target.closest?.(".skip")) { event.preventDefault(); document.getElementById("content")?.focus(); }
    const open = event.target.closest?.("tr[data-row] a[data-open]");
    if (open) { opened(open.closest("tr")); }
    if (event.target.closest?.("[data-close]")) {
      const name = document.querySelector("tr[data-row][aria-selected=true] a[data-open]")?.textContent.trim() ?? document.querySelector(".detail-title h2")?.textContent.trim();
      closed(name, !seen(document.querySelector("[data-grid]")));
    }
    // The menu behind "More" has done its work once a page is chosen.
    if (event.target.closest?.(".nav-more a")) { document.querySelector(".nav-more:popover-open")?.hidePopover(); }
    const copy = event.target.closest?.("[data-copy]");
    if (copy) { navigator.clipboard?.writeText(copy.dataset.copy); copy.classList.add("is-copied"); setTimeout(() => copy.classList.remove("is-copied"), 1200); }
  });
})();
