// What only the browser can do for the log view: keep the end in view, keys, links to lines. No state of the console lives here.
(() => {
  // Keeps the end in view while following; tells the page when the reader scrolls away from it or back.
  const attach = (element, page) => {
    let following = true;
    let lastTop = 0;
    const state = {
      page,
      stick() { if (following) { element.scrollTop = element.scrollHeight; lastTop = element.scrollTop; } },
      follow(on) { following = on; state.stick(); },
      // The row may be far from what is drawn: go where it must be, and look again once it is there.
      reveal(index) {
        following = false;
        let tries = 0;
        const look = () => {
          const line = element.querySelector(".log-line.is-marked");
          // Again and again: the rows may not be there at all yet, and the view no higher than the window.
          if (line) { line.scrollIntoView({ block: "center" }); } else { element.scrollTop = Math.max(0, index * 20 - element.clientHeight / 2); }
          lastTop = element.scrollTop;
          if (!line && tries++ < 60) { setTimeout(look, 50); }
        };
        look();
      },
    };
    const observer = new MutationObserver(() => state.stick());
    observer.observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ["style"] });
    element.addEventListener("scroll", () => {
      const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
      // Only a movement up is the reader's wish to stop: growth at the end also moves the distance.
      if (following && !atEnd && element.scrollTop < lastTop - 2) { following = false; page.invokeMethodAsync("FollowChanged", false); }
      else if (!following && atEnd && element.scrollTop > lastTop) { following = true; page.invokeMethodAsync("FollowChanged", true); }
      lastTop = element.scrollTop;
    }, { passive: true });
    element.addEventListener("keydown", event => key(element, state, event));
    element.consoleLog = state;
    element.consoleLogEnd = () => observer.disconnect();
  };

  const linesOf = view => [...view.querySelectorAll(".log-line[data-line]")];
  // Up and down walk the lines; c copies a link, Enter unfolds JSON, p pauses, End goes to the end.
  const key = (view, state, event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    const line = event.target.closest(".log-line[data-line]");
    const walk = step => {
      const lines = linesOf(view);
      const box = view.getBoundingClientRect();
      const at = line ? lines.indexOf(line) + step : lines.findLastIndex(other => other.getBoundingClientRect().bottom <= box.bottom);
      const to = lines[Math.max(0, Math.min(lines.length - 1, at))];
      if (to) { event.preventDefault(); to.focus({ preventScroll: true }); to.scrollIntoView({ block: "nearest" }); }
    };
    switch (event.key) {
      case "ArrowDown": walk(1); break;
      case "ArrowUp": walk(-1); break;
      case "Enter": if (line && event.target === line) { event.preventDefault(); line.querySelector("[data-fold]")?.click(); } break;
      case "c": if (line) { event.preventDefault(); copy(line); } break;
      case "p": event.preventDefault(); state.page.invokeMethodAsync("PauseOrGoOn"); break;
      case "End": view.focus(); break;
      case "Escape": if (line) { event.preventDefault(); event.stopPropagation(); view.focus(); } break;
    }
  };

  // The link holds the line and, so that the log is read from there, a moment just before it.
  const copy = line => {
    const view = line.closest(".log-view");
    const at = new Date(Date.parse(line.dataset.line.split("~")[2].replace(/(\.\d{3})\d*/, "$1")) - 2000);
    const url = new URL(view.dataset.link, document.baseURI);
    url.searchParams.set("since", at.toISOString().replace(/\.\d+Z$/, "Z"));
    url.searchParams.set("line", line.dataset.line);
    line.dataset.copied = url.href;
    navigator.clipboard?.writeText(url.href);
    line.classList.add("is-copied");
    setTimeout(() => line.classList.remove("is-copied"), 1200);
  };
  document.addEventListener("click", event => {
    const button = event.target.closest?.("[data-copy-line]");
    if (button) { copy(button.closest(".log-line")); }
  });

  window.consoleLogs = {
    attach,
    follow(element, on) { element.consoleLog?.follow(on); },
    reveal(element, index) { element.consoleLog?.reveal(index); },
    detach(element) { element?.consoleLogEnd?.(); },
  };
})();
