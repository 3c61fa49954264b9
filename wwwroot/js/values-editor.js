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
    window.require.config({ paths: { vs: new URL(base, document.baseURI).href } });
    await new Promise((resolve, reject) => window.require(["vs/editor/editor.main"], resolve, reject));
  }
  return window.monaco;
})();

const theme = () => document.documentElement.dataset.theme === "dark" ? "vs-dark" : "vs";

export async function create(host, page, text, readOnly, label) {
  const monaco = await load();
  const face = getComputedStyle(document.documentElement).getPropertyValue("--face-mono");
  const editor = monaco.editor.create(host, {
    value: text, language: "yaml", readOnly, ariaLabel: label, theme: theme(), automaticLayout: true, fontFamily: face, fontSize: 12.5, lineHeight: 20,
    minimap: { enabled: false }, scrollBeyondLastLine: false, tabSize: 2, insertSpaces: true, renderWhitespace: "selection", wordWrap: "off", folding: true,
    padding: { top: 8, bottom: 8 }, overviewRulerLanes: 1, fixedOverflowWidgets: true, accessibilitySupport: "auto", unicodeHighlight: { ambiguousCharacters: false },
  });
  // Tab moves on to the next control: the page must be usable with the keyboard alone. Indenting has Ctrl+]. The setting belongs to all editors of the page,
  // and one that is read only has it by itself.
  const freeTab = () => { if (!editor.getOption(monaco.editor.EditorOption.tabFocusMode)) { editor.trigger("page", "editor.action.toggleTabFocusMode"); } };
  freeTab();
  const model = editor.getModel();
  let told = text, timer = 0, own = false;
  const tell = async () => {
    timer = 0;
    const value = model.getValue();
    if (value !== told) { told = value; await page.invokeMethodAsync("Edited", value); }
  };
  model.onDidChangeContent(() => { if (!own) { clearTimeout(timer); timer = setTimeout(tell, 150); } });
  const watch = new MutationObserver(() => monaco.editor.setTheme(theme()));
  watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  return {
    // Replaces only what differs, so that the cursor, the folds and the undo steps stay.
    set(value) {
      const old = model.getValue();
      if (timer || old === value) { told = value; return; }
      let start = 0, end = 0;
      const most = Math.min(old.length, value.length);
      while (start < most && old[start] === value[start]) { start++; }
      while (end < most - start && old[old.length - 1 - end] === value[value.length - 1 - end]) { end++; }
      const range = monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(old.length - end));
      own = true;
      told = value;
      editor.pushUndoStop();
      editor.executeEdits("form", [{ range, text: value.slice(start, value.length - end), forceMoveMarkers: true }]);
      editor.pushUndoStop();
      if (model.getValue() !== value) { model.setValue(value); }
      own = false;
    },
    problems(list) {
      monaco.editor.setModelMarkers(model, "values", list.map(p => ({
        severity: p.error ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning, message: p.message,
        startLineNumber: p.line, startColumn: p.column, endLineNumber: p.line, endColumn: model.getLineMaxColumn(Math.min(p.line, model.getLineCount())),
      })));
    },
    reveal(line) { editor.revealLineInCenter(line); editor.setPosition({ lineNumber: line, column: 1 }); editor.focus(); },
    readOnly(value) { editor.updateOptions({ readOnly: value }); freeTab(); },
    dispose() { clearTimeout(timer); watch.disconnect(); editor.dispose(); model.dispose(); },
  };
}
