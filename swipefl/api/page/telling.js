// Numbers and days as people read them.

const day = { day: "numeric", month: "long" };

/** "3 October", with its year where that is another; `seconds` since 1970. */
export function dayOf(seconds, now = new Date()) {
  const then = new Date(seconds * 1000);
  const isOther = then.getFullYear() !== now.getFullYear();
  return then.toLocaleDateString("en-GB", isOther ? { ...day, year: "numeric" } : day);
}

/** "3 October, 02:14", or with seconds, where there are two in one minute. */
export function momentOf(seconds, isExact = false) {
  const time = { hour: "2-digit", minute: "2-digit", ...(isExact && { second: "2-digit" }) };
  return `${dayOf(seconds)}, ${new Date(seconds * 1000).toLocaleTimeString("en-GB", time)}`;
}

/** "1 swipe", "1,240 swipes". */
export function counted(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** "23 KB", in thousands of bytes; less than one is one. */
export function kilobytes(bytes) {
  return `${Math.max(1, Math.round(bytes / 1000)).toLocaleString("en")} KB`;
}
