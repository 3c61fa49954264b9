// The keyboard while a dialog opens, is open, and has closed. What is typed or pasted before the dialog is there goes into its field, or nowhere where it begins with none, but never to
// what is behind it; and no key that was pressed before the dialog could be read presses one of its buttons.
(() => {
  const readAfter = 500, waitAtMost = 3000;
  const fields = "input:checked, input:not([type=hidden], [type=file]), textarea, select";
  const shown = new Map();
  let asked = 0, typed = "", opener = null, before = null;

  const top = () => [...document.querySelectorAll(".mud-dialog")].at(-1);
  const isBehind = element => element === document.body || element.closest(".shell") !== null;
  const seen = element => element?.isConnected && element.getClientRects().length > 0;
  const stop = event => { event.preventDefault(); event.stopImmediatePropagation(); };
  const enter = dialog => (dialog.querySelector("[autofocus]:not(:disabled)") ?? dialog.querySelector(fields) ?? dialog).focus({ preventScroll: true });
  const wasAsked = () => asked > 0 && performance.now() - asked < waitAtMost;
  const isText = element => element?.matches("textarea, input:not([type=checkbox], [type=radio], [type=file])");
  const isUnread = dialog => performance.now() - (shown.get(dialog) ?? 0) < readAfter;

  new MutationObserver(() => {
    const dialog = top();
    const shell = document.querySelector(".shell");
    const wasOpen = shown.size > 0;
    for (const gone of [...shown.keys()].filter(one => !one.isConnected)) { shown.delete(gone); }
    if (dialog && !shown.has(dialog)) {
      if (!wasOpen) { opener = document.activeElement; }
      shown.set(dialog, performance.now());
      enter(dialog);
      // As if typed there, in place of what the field begins with: the page hears of it as of every other letter.
      if (wasAsked() && typed && isText(document.activeElement)) {
        document.activeElement.select();
        document.execCommand("insertText", false, typed);
      }
      asked = 0;
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
    if (event.target.closest("[aria-haspopup=dialog]:not(:disabled)")) { [asked, typed] = [performance.now(), ""]; }
  }, { capture: true });
  document.addEventListener("paste", event => {
    if (!top() && wasAsked()) { typed += event.clipboardData.getData("text"); stop(event); }
  }, { capture: true });
  document.addEventListener("keydown", event => {
    // What is the browser's own, as to load the page anew, stays so.
    if (event.ctrlKey || event.metaKey || event.altKey || /^F\d/.test(event.key)) { return; }
    const dialog = top();
    if (!dialog) {
      if (wasAsked()) {
        typed = event.key === "Backspace" ? typed.slice(0, -1) : event.key.length === 1 ? typed + event.key : typed;
        stop(event);
      }
      return;
    }
    if (isBehind(event.target)) { enter(dialog); stop(event); return; }
    if (event.key === "Escape" && !event.isComposing && dialog.contains(event.target)) {
      dialog.querySelector("[data-cancel]")?.click();
      stop(event);
    } else if (["Enter", " "].includes(event.key) && (event.repeat || isUnread(dialog)) && event.target.closest("button, a")) { stop(event); }
  }, { capture: true });
})();
