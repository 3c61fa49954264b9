// The YAML editor of the Configuration page: loads Monaco when the page is opened, keeps it in step with the server, shows the problems it is told.
const base = "_content/BlazorMonaco/lib/monaco-editor/min/vs";
let loading;

const script = source => new Promise((resolve, reject) => {
  const element = document.createElement("script");
  element.src = source;
  element.onload = resolve;
  element.onerror = () => reject(new Error(source));
  document.head.append(element);
});

const load = () => loading ??= (async () => {
  if (!window.monaco) {
    await script(new URL(`${base}/loader.js`, document.baseURI).href);
    // Its menus, its search and what it tells screen readers, in the language of the page; it has English by itself.
    const languages = document.documentElement.lang.startsWith("zh") ? { "vs/nls": { availableLanguages: { "*": "zh-cn" } } } : {};
    window.require.config({ paths: { vs: new URL(base, document.baseURI).href }, ...languages });
    await new Promise((resolve, reject) => window.require(["vs/editor/editor.main"], resolve, reject));
  }
  return window.monaco;
})();

// The editor in the colours of the page. What YAML is made of keeps the editor's own.
const dress = monaco => {
  const page = getComputedStyle(document.documentElement);
  const of = name => page.getPropertyValue(name).trim();
  monaco.editor.defineTheme("page", {
    base: document.documentElement.dataset.theme === "dark" ? "vs-dark" : "vs", inherit: true, rules: [],
    colors: {
      "editor.background": of("--surface"), "editor.foreground": of("--ink"), "editorCursor.foreground": of("--ink"), "editor.lineHighlightBorder": of("--line"),
      "editorLineNumber.foreground": of("--ink-3"), "editorLineNumber.activeForeground": of("--ink"), "editorError.foreground": of("--bad"), "editorWarning.foreground": of("--wait"),
      "editorWidget.background": of("--raised"), "editorWidget.border": of("--line-strong"), "focusBorder": of("--accent"),
    },
  });
  monaco.editor.setTheme("page");
};

// The editor has one kind of line end in the whole text, whatever the file has.
const lines = text => text.replace(/\r\n?/g, "\n");

// The one place of a text that has to be replaced to get another.
const difference = (old, value) => {
  let start = 0, tail = 0;
  const most = Math.min(old.length, value.length);
  while (start < most && old[start] === value[start]) { start++; }
  while (tail < most - start && old[old.length - 1 - tail] === value[value.length - 1 - tail]) { tail++; }
  return { start, end: old.length - tail, text: value.slice(start, value.length - tail) };
};

const position = (text, offset) => {
  const above = text.slice(0, offset).split("\n");
  return { lineNumber: above.length, column: above.at(-1).length + 1 };
};

export async function create(host, page, text, readOnly, label) {
  const monaco = await load();
  dress(monaco);
  const face = getComputedStyle(document.documentElement).getPropertyValue("--face-mono");
  const editor = monaco.editor.create(host, {
    value: text, language: "yaml", readOnly, ariaLabel: label, theme: "page", automaticLayout: true, fontFamily: face, fontSize: 12.5, lineHeight: 20,
    minimap: { enabled: false }, scrollBeyondLastLine: false, tabSize: 2, insertSpaces: true, renderWhitespace: "selection", wordWrap: "off", folding: true,
    padding: { top: 8, bottom: 8 }, overviewRulerLanes: 1, fixedOverflowWidgets: true, accessibilitySupport: "auto", unicodeHighlight: { ambiguousCharacters: false },
  });
  // Tab moves on to the next control: the page must be usable with the keyboard alone. Indenting has Ctrl+]. The setting belongs to all editors of the page,
  // and one that is read only has it by itself.
  const freeTab = () => { if (!editor.getOption(monaco.editor.EditorOption.tabFocusMode)) { editor.trigger("page", "editor.action.toggleTabFocusMode"); } };
  freeTab();
  const model = editor.getModel();
  // What the server was told or has set, and what it is known to have; null when it has to be told anew.
  let told = model.getValue(), heard = told, number = 0, timer = 0, own = false;
  const tell = async () => {
    clearTimeout(timer);
    timer = 0;
    const value = model.getValue();
    if (value === told) { return; }
    told = value;
    try {
      const newer = await page.invokeMethodAsync("Edited", value, number);
      if (newer) { take(newer.value, newer.from, newer.number); } else { heard = value; }
    } catch { /* The connection is lost; what was not heard is told again when it is back. */ }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(tell, 150); };
  const again = () => { if (heard !== model.getValue()) { told = null; tell(); } };
  // Takes what the server made of the text `from`. Replaces only what differs, so that the cursor, the folds and the undo steps stay, and so does what was typed since `from` was told.
  const take = (value, from, now) => {
    if (now <= number) { return; }
    number = now;
    const [before, old, next] = [lines(from), lines(model.getValue()), lines(value)];
    if (old === next) { told = heard = model.getValue(); return; }
    const edit = difference(before, next), typed = difference(before, old);
    if (old !== before && edit.start <= typed.end && typed.start <= edit.end) {
      // Both changed the same place: who types goes first, and the server hears of it.
      told = null;
      soon();
      return;
    }
    const shift = old !== before && edit.start > typed.end ? old.length - before.length : 0;
    const range = monaco.Range.fromPositions(position(old, edit.start + shift), position(old, edit.end + shift));
    own = true;
    editor.pushUndoStop();
    editor.executeEdits("form", [{ range, text: edit.text, forceMoveMarkers: true }]);
    editor.pushUndoStop();
    if (lines(model.getValue()) === old) { model.setValue(value); } // One that is read only takes no edits.
    own = false;
    if (old !== before) { told = null; soon(); return; }
    told = heard = model.getValue();
  };
  model.onDidChangeContent(() => { if (!own) { soon(); } });
  // A button that is pressed next must find what was typed before.
  editor.onDidBlurEditorWidget(tell);
  document.addEventListener("console:connected", again);
  const watch = new MutationObserver(() => dress(monaco));
  watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  return {
    set: take,
    problems(list) {
      monaco.editor.setModelMarkers(model, "values", list.map(p => ({
        severity: p.error ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning, message: p.message,
        startLineNumber: p.line, startColumn: p.column, endLineNumber: p.line, endColumn: model.getLineMaxColumn(Math.min(p.line, model.getLineCount())),
      })));
    },
    reveal(line) { editor.revealLineInCenter(line); editor.setPosition({ lineNumber: line, column: 1 }); editor.focus(); },
    readOnly(value) { editor.updateOptions({ readOnly: value }); freeTab(); },
    dispose() { clearTimeout(timer); document.removeEventListener("console:connected", again); watch.disconnect(); editor.dispose(); model.dispose(); },
  };
}
