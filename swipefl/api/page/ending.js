// What a training or a night came to, in words: the same wherever it is told, and whoever began it.

import { problemText } from "./api.js";

/**
 * @param job one that is over, of `GET /jobs/{id}`
 * @returns {{title: string, told: string[], isAdopted: boolean}} a sentence without its full stop, and what there is to
 * add. `isAdopted` says whether a new model is in use.
 */
export function endOf(job) {
  const rounds = job.report?.rounds ?? (job.report ? [job.report] : []);
  const isAdopted = rounds.some(({ adopted }) => adopted);
  const shared = job.kind === "cycle" && job.report ? sharedIn(job.report) : [];
  if (job.problem) return { title: "That did not work", told: [problemText(job.problem), ...shared], isAdopted };
  if (job.state === "cancelled") return { title: "Stopped", told: [stopped(isAdopted), ...shared], isAdopted };
  if (isAdopted) return { title: "swipefl has learned from you", told: shared, isAdopted };
  const done = rounds.filter(({ skipped }) => !skipped);
  if (!done.length)
    return {
      title: "There was nothing to learn",
      told: [...new Set(rounds.map(({ skipped }) => sentence(skipped)))].concat(shared),
      isAdopted,
    };
  if (done.every(({ swipes }) => swipes === 0))
    return { title: "There is nothing to judge it by yet, so nothing was changed", told: shared, isAdopted };
  return { title: "Not better yet, so your model stays as it was", told: shared, isAdopted };
}

function stopped(isAdopted) {
  return isAdopted ? "What it had learned until then is in use." : "Nothing was changed, and your swipes are kept.";
}

/** What a night had to do with the federation. */
function sharedIn({ rounds, sync }) {
  const became = new Set(rounds.map(({ push }) => push));
  return [
    became.has("sent") && "What it learned was sent to the federation.",
    became.has("stale") && "What it learned came too late for the federation to count.",
    became.has("refused") && "The federation did not take what it learned.",
    sync && `The federation could not be visited: ${sync.replace(/\.$/, "")}. The next night tries again.`,
  ].filter(Boolean);
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}
