// The keyboard while a dialog opens, is open, and has closed. What is typed goes to the dialog or nowhere, never to what is behind it; and no key that was pressed before the dialog
// could be read presses one of its buttons.
(() => {
  const readAfter = 500, waitAtMost = 3000;
  const fields = "input:checked, input:not([type=hidden], [type=file]), textarea, select";
  const shown = new Map();
  let asked = 0, opener = null, before = null;

  const top = () => [...document.querySelectorAll(".mud-dialog")].at(-1);
  const isBehind = element => element === document.body || element.closest(".shell") !== null;
  const seen = element => element?.isConnected && element.getClientRects().length > 0;
  const stop = event => { event.preventDefault(); event.stopImmediatePropagation(); };
  const enter = dialog => (dialog.querySelector("[autofocus]:not(:disabled)") ?? dialog.querySelector(fields) ?? dialog).focus({ preventScroll: true });
  const isUnread = dialog => performance.now() - (shown.get(dialog) ?? 0) < readAfter;

  new MutationObserver(() => {
    const dialog = top();
    const shell = document.querySelector(".shell");
    const wasOpen = shown.size > 0;
    for (const gone of [...shown.keys()].filter(one => !one.isConnected)) { shown.delete(gone); }
    if (dialog && !shown.has(dialog)) {
      if (!wasOpen) { opener = document.activeElement; }
      shown.set(dialog, performance.now());
      asked = 0;
      enter(dialog);
      setTimeout(() => { dialog.dataset.read = ""; }, readAfter);
    }
    if (!shell || wasOpen === Boolean(dialog)) { return; }
    shell.inert = Boolean(dialog);
    if (!dialog && document.activeElement === document.body) {
      (seen(opener) ? opener : seen(before) ? before : document.getElementById("content"))?.focus({ preventScroll: true });
    }
  }).observe(document.body, { childList: true, subtree: true });

  document.addEventListener("focusin", event => { if (!event.target.closest(".mud-dialog, .mud-popover")) { before = event.target; } });
  document.addEventListener("pointerdown", () => { asked = 0; }, { capture: true });
  document.addEventListener("click", event => {
    const dialog = top();
    // The second half of a double click was meant for what was there before.
    if (dialog && event.detail > 1 && isUnread(dialog)) { stop(event); return; }
    if (event.target.closest("[aria-haspopup=dialog]:not(:disabled)")) { asked = performance.now(); }
  }, { capture: true });
  document.addEventListener("keydown", event => {
    // What is the browser's own, as to load the page anew, stays so.
    if (event.ctrlKey || event.metaKey || event.altKey || /^F\d/.test(event.key)) { return; }
    const dialog = top();
    if (!dialog) {
      if (asked && performance.now() - asked < waitAtMost) { stop(event); }
      return;
    }
    if (isBehind(event.target)) { enter(dialog); stop(event); return; }
    if (event.key === "Escape" && !event.isComposing && dialog.contains(event.target)) {
      dialog.querySelector("[data-cancel]")?.click();
      stop(event);
    } else if (["Enter", " "].includes(event.key) && (event.repeat || isUnread(dialog)) && event.target.closest("button, a")) { stop(event); }
  }, { capture: true });
})();
