// What is shared: nothing, or what left, when, and to whom; and what never does.
//
// For tests: #shared [data-role=shared], [data-role=sent] where something left.

import { get, problemText } from "./api.js";
import { clear, h, part } from "./dom.js";
import { persistently } from "./outbox.js";
import { counted, dayOf, kilobytes, momentOf } from "./telling.js";

const NEVER = [
  "your swipes",
  "the words that you swiped, and in what order",
  "your own words and your keyboards",
  "your own model",
];
const OUTCOMES = { sent: "", refused: "refused there", stale: "too late to count" };

/** Fills the tab, anew whenever it is shown. */
export function start(section, { onShow }) {
  const body = h("div", { class: "calm" });
  section.append(body);
  onShow("shared", () => look(body));
}

async function look(body) {
  const failed = (problem) => clear(body).append(h("p", { class: "soft" }, problemText(problem)));
  try {
    const stats = await persistently(() => get("/stats"), failed);
    const { federation, node } = stats;
    const said = federation ? joined(stats) : node ? asNode(stats) : alone(stats);
    clear(body).append(h("h1", { class: "unseen" }, "What is shared"), ...said);
  } catch (problem) {
    failed(problem);
  }
}

function alone(stats) {
  return [
    h(
      "div",
      { "data-role": "shared" },
      h("p", { class: "lead" }, stats.left.length ? "Nothing is shared any more." : "Nothing is shared."),
      h(
        "p",
        {},
        "Your swipes, your words and your model are on this device, in ",
        h("span", { class: "path" }, stats.home),
        ". swipefl learns here, and speaks to no other machine.",
      ),
    ),
    ...sent(stats),
    part(
      "Learning together",
      h(
        "p",
        {},
        "People who agree to can make one model better for all of them. Then what leaves, after a night, is half a megabyte of numbers: how the shared model would have to change to read you better. Never a swipe, never a word.",
      ),
      h(
        "p",
        {},
        "Whoever runs such a federation gives you its address and a token. To join, on the command line of this device:",
      ),
      h("pre", {}, h("code", {}, "swipefl enroll HOST:PORT --token TOKEN")),
      h("p", { class: "soft" }, "It says what will be shared, and asks. “swipefl leave” ends it."),
    ),
  ];
}

function joined(stats) {
  const { federation, outbox } = stats;
  const visited = federation.visited_at
    ? `${federation.failures ? "The last visit failed" : "Last visit"}: ${momentOf(federation.visited_at)}.`
    : "It was not visited yet; the next night does.";
  const waits = outbox.map(({ bytes, examples }) =>
    h("p", {}, `${kilobytes(bytes)} that it learned from ${counted(examples, "swipe")} wait to be sent.`),
  );
  return [
    h(
      "div",
      { "data-role": "shared" },
      h(
        "p",
        { class: "lead" },
        "What your swipes teach the shared model is sent, as numbers, to ",
        h("span", { class: "path" }, federation.address),
        ".",
      ),
      h(
        "p",
        { class: "soft" },
        `It knows this device as ${federation.device_id}. ${visited}${federation.shares_scores ? " It is also told how many held-out swipes each of its models gets right here." : ""}`,
      ),
    ),
    part("What waits", waits.length ? waits : h("p", {}, "Nothing waits to be sent.")),
    ...sent(stats, true),
    ...leaves("After a night"),
    h(
      "p",
      { class: "soft" },
      "“swipefl leave”, on the command line of this device, ends this at any time and erases what was not sent yet. What was sent cannot be taken back.",
    ),
  ];
}

/** Of a device that is a node of Flower itself, as in a lab. */
function asNode(stats) {
  const { node } = stats;
  return [
    h(
      "div",
      { "data-role": "shared" },
      h("p", { class: "lead" }, "What your swipes teach the shared model is given, as numbers, to rounds of Flower."),
      h(
        "p",
        { class: "soft" },
        `This device has heard of version ${node.version} of the shared model, which is signed by ${node.key.slice(0, 12)}.${node.shares_scores ? " Its signer is also told how many held-out swipes each version gets right here." : ""}`,
      ),
      h(
        "p",
        { class: "soft" },
        "Whoever begins rounds there can run other programs here, too, as whom this device’s SuperNode runs as: be a node only for people whom you trust with what that one may read.",
      ),
    ),
    ...sent(stats, true),
    ...leaves("For each version of the shared model"),
    h(
      "p",
      { class: "soft" },
      "Whoever runs this device’s SuperNode ends it; “swipefl leave”, on the command line of this device, then forgets whose versions it followed. What was given cannot be taken back.",
    ),
  ];
}

function leaves(when) {
  return [
    part(
      "What leaves",
      h(
        "p",
        {},
        `${when}: how the shared model would have to change to read you better, and of how many swipes that was made. Whoever runs the federation might guess from those numbers some of the words that you swipe often.`,
      ),
    ),
    part(
      "What never leaves",
      h(
        "ul",
        { class: "never" },
        NEVER.map((what) => h("li", {}, what)),
      ),
    ),
  ];
}

function sent({ left, left_before: before, federation, node }, isTold = false) {
  const isOf = federation || node;
  const rows = left.map((row, index) => ({ ...row, toOthers: isOf && index < before }));
  if (left.length) return [part("What left", table(rows.reverse()))];
  // of a device that joined before it was written down, only that something left is known
  const none = federation?.contributed ? "Something left before; when is not known any more." : "Nothing has left yet.";
  return isTold ? [part("What left", h("p", {}, none))] : [];
}

function table(rows) {
  const cells = rows.map(({ sent_at: at, bytes, outcome, toOthers }) => {
    const became = [OUTCOMES[outcome], toOthers && "to others, before"].filter(Boolean).join("; ");
    return h("tr", {}, h("td", {}, dayOf(at)), h("td", {}, kilobytes(bytes)), h("td", {}, became));
  });
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      ["When", "How much", ""].map((text) =>
        text
          ? h("th", { scope: "col" }, text)
          : h("th", { scope: "col" }, h("span", { class: "unseen" }, "What became of it")),
      ),
    ),
  );
  return h("table", { "data-role": "sent" }, head, h("tbody", {}, cells));
}
