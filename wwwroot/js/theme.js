// Runs before the first paint, so that the page never flashes in the wrong theme.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const read = () => { try { return localStorage.getItem("console.theme") || "system"; } catch { return "system"; } };
  const apply = () => {
    const choice = read();
    root.dataset.themeChoice = choice;
    root.dataset.theme = choice === "system" ? (system.matches ? "dark" : "light") : choice;
  };
  system.addEventListener("change", apply);
  addEventListener("storage", event => { if (event.key === "console.theme") apply(); });
  window.consoleTheme = {
    get: read,
    set: choice => { try { localStorage.setItem("console.theme", choice); } catch { /* private mode: for this page only */ } apply(); if (read() !== choice) { root.dataset.theme = choice; } },
  };
  apply();
})();
