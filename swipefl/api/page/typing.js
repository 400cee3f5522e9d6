// What is typed or pasted with a keyboard of one's own, wherever the focus is.

/** `isShown()` says whether there is a text to write; called are `onType(character)`, `onBackspace()`, `onPaste(text)`. */
export function listenToTyping(isShown, { onType, onBackspace, onPaste }) {
  document.addEventListener("keydown", (event) => {
    if (isField(event.target) || !isShown() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const presses = event.key === " " && event.target.closest("button:focus-visible");
    if (event.key === "Backspace") onBackspace();
    else if ([...event.key].length === 1 && !presses) onType(event.key);
    else return;
    event.preventDefault();
  });
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain");
    if (text && !isField(event.target) && isShown()) onPaste(text);
  });
}

function isField(element) {
  return element.closest?.("input, select, textarea, a, [contenteditable]");
}
