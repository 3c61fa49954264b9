// A field's text as a stream: it may be longer than one message to the server. Null for an empty field.
window.operations = {
  text(id) {
    const text = document.getElementById(id)?.value.trim() ?? "";
    return text.length > 0 ? new Blob([text]) : null;
  },
};
