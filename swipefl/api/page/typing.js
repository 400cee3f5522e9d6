// What is typed or pasted with a keyboard of one's own, wherever the focus is.

const PRESSES = [" ", "Enter"]; // what the focus is on

/** `isShown()` says whether there is a text to write; called are `onType(character)`, `onBackspace()`, `onPaste(text)`. */
export function listenToTyping(isShown, { onType, onBackspace, onPaste }) {
  // A button that was clicked keeps the focus, and a blank or Enter that is typed next would press it again: that is
  // only for who went there by Tab.
  let isWalking = false;
  let taken = "";
  document.addEventListener("pointerdown", () => (isWalking = false), true);
  document.addEventListener("change", ({ target }) => isWalking || (target.matches("select") && target.blur()));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") isWalking = true;
    taken = "";
    if (isField(event.target) || !isShown() || isCommand(event) || event.isComposing) return;
    const presses = PRESSES.includes(event.key) && isWalking && event.target.closest("button, input, a");
    if (event.key === "Backspace") onBackspace();
    else if (event.key === "Enter" && !presses) event.preventDefault();
    else if ([...event.key].length === 1 && !presses) onType(event.key);
    else return;
    taken = event.key;
    event.preventDefault();
  });
  // in some browsers it is the end of a key that presses a button
  document.addEventListener("keyup", (event) => taken === " " && event.key === " " && event.preventDefault());
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain");
    if (text && !isField(event.target) && isShown()) onPaste(text);
  });
}

function isField(element) {
  return element.closest?.("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]");
}

/** Ctrl, Alt and the like do something else, but where a sign is typed with them, such as € or ł. */
function isCommand(event) {
  if (event.getModifierState("AltGraph")) return false;
  return event.ctrlKey || event.metaKey || (event.altKey && /^[a-z0-9]$|../i.test(event.key));
}
