// Your model: what it gained, in a sentence and pictures; what the nights did; going back; taking out and erasing.
//
// For tests, in #model: [data-role=said], [data-role=train|night|export|forget] buttons, [data-role=nights],
// [data-role=models] (rows li[data-model] with button[data-role=use]), [data-role=picture], [data-role=done] (what was
// done last).

import { get, problemText, send, text } from "./api.js";
import { asked } from "./dialog.js";
import { announce, clear, h, part } from "./dom.js";
import { endOf } from "./ending.js";
import { forgetting } from "./forgetting.js";
import { Learning } from "./learning.js";
import { persistently } from "./outbox.js";
import { figures } from "./pictures.js";
import { counted, dayOf, momentOf } from "./telling.js";

const OF_NIGHTS = ["nights.svg", "days.svg"];
const OF_SWIPES = ["landings.svg", "misses.svg"]; // many swipes are read for these: seconds, on a phone
const FIRST_NIGHTS = 7;

/** Fills the tab, anew whenever it is shown. */
export function start(section, { settings, onShow }) {
  const tab = new Model(section, settings);
  onShow("model", () => tab.look());
}

class Model {
  constructor(section, settings) {
    this.settings = settings;
    this.said = h("div", { class: "said", "data-role": "said" }, h("p", { class: "lead" }, "\u00a0"));
    this.doing = h("div", { class: "now" });
    this.done = h("p", { class: "done", "data-role": "done", tabindex: "-1" });
    this.rest = h("div");
    this.slow = h("div"); // last, where nothing moves when it comes
    section.append(
      h(
        "div",
        { class: "calm" },
        h("h1", { class: "unseen" }, "Your model"),
        this.said,
        this.doing,
        this.done,
        this.rest,
        this.slow,
      ),
    );
  }

  /** Shows things as they are now; what is there stays until then. Of two looks the later one counts. */
  async look() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    try {
      const failed = (problem) => this.tell(problemText(problem));
      const [stats, models, { job }] = await persistently(
        () => Promise.all([get("/stats"), get("/models"), get("/jobs/current")]),
        failed,
      );
      if (turn !== this.turn) return;
      this.showSaid(stats);
      if (job?.state === "running") this.work((learning) => learning.follow(job));
      else if (stats.busy) this.work((learning) => learning.elsewhere(), false);
      else if (!this.isWorking) this.offer(stats);
      const drawn = (paths) => (stats.gestures.good ? figures(paths) : []); // of nothing there is nothing to see
      const ofNights = await drawn(OF_NIGHTS);
      if (turn !== this.turn) return;
      clear(this.rest).append(...pictures(ofNights), this.nights(stats), this.models(models), this.yours(stats));
      const ofSwipes = await drawn(OF_SWIPES);
      if (turn === this.turn) clear(this.slow).append(...pictures(ofSwipes));
    } catch (problem) {
      this.tell(problemText(problem));
    }
  }

  showSaid({ said }) {
    this.said.style.minHeight = `${this.said.offsetHeight}px`; // fewer words later move nothing
    clear(this.said).append(...said.map((sentence, i) => h("p", { class: i ? "soft" : "lead" }, sentence)));
  }

  offer({ nothing_to_do: reason, checkpoints, new_swipes: fresh }) {
    if (reason && !checkpoints.length)
      return void clear(this.doing).append(
        h("div", { class: "doing" }, h("a", { class: "button main", href: "#practise" }, "Practise")),
      );
    const train = button("train", "Learn now", () => this.begin("train"));
    const night = button("night", "Do a night’s work now", () => this.begin("cycle"));
    const note =
      reason || !fresh
        ? "Everything that is here was learned from already."
        : "Learning takes a minute or so. A night’s work is that, and in a federation the exchange with it.";
    clear(this.doing).append(h("div", { class: "doing" }, train, night), h("p", { class: "soft small" }, note));
  }

  begin(kind) {
    this.work(async (learning) => learning.follow(await learning.begin(kind)));
  }

  /** Shows what `run(learning)` does until it has ended. What another process does cannot be ended here. */
  async work(run, isOurs = true) {
    if (this.isWorking) return;
    this.isWorking = true;
    const learning = new Learning();
    learning.stop.hidden = !isOurs;
    clear(this.doing).append(learning.element);
    this.done.textContent = ""; // what was done before is over
    if (isOurs) learning.stop.focus();
    try {
      this.tell(ended(await run(learning)));
    } catch (problem) {
      this.tell(problemText(problem));
    }
    this.isWorking = false;
    if (isOurs) this.done.focus();
    await this.look();
  }

  nights({ nights = [] }) {
    const list = h("ol", { class: "nights", "data-role": "nights" });
    const drawn = [...nights]
      .reverse()
      .map((one) => h("li", {}, h("time", {}, dayOf(one.finished_at)), h("span", {}, one.said)));
    list.append(...drawn.slice(0, FIRST_NIGHTS));
    const older = drawn.slice(FIRST_NIGHTS);
    const more =
      older.length > 0 &&
      h("details", {}, h("summary", {}, `${older.length} earlier`), h("ol", { class: "nights" }, older));
    const none =
      !drawn.length &&
      h("p", { class: "soft" }, "No night yet. One comes when swipefl has learned for the first time.");
    return part("Nights", none || list, more);
  }

  models({ models, in_use: used }) {
    const rows = rowsOf(models, used);
    const list = rows.map((row) =>
      h(
        "li",
        { "data-model": row.to },
        h("span", { class: "name" }, row.name),
        row.isUsed ? h("span", { class: "used" }, "in use") : this.back(row),
      ),
    );
    return part("Models", h("ul", { class: "models", "data-role": "models" }, list));
  }

  back(row) {
    const back = button("use", "Go back to it", () => this.use(row));
    back.setAttribute("aria-label", `Go back to it: ${row.name}`); // one of many buttons of that name
    return back;
  }

  async use({ to, name }) {
    const told = [
      h("p", {}, `Words are read with “${name}” from now on.`),
      h(
        "p",
        { class: "soft" },
        "The others stay, so you can come back to them. The next night goes on learning, and keeps what reads you better.",
      ),
    ];
    if (!(await asked("Go back to this model?", told, "Go back"))) return;
    await this.change(async () => {
      await send("POST", "/models/use", { to });
      return `In use now: ${name}.`;
    });
  }

  yours({ home, gestures, personal_words: words }) {
    const count = gestures.good + gestures.suspect;
    if (!count && !words) return part("Your swipes", h("p", { class: "soft" }, "Nothing of yours is kept yet."));
    const there = `${counted(count, "swipe")} and ${counted(words, "word")} of yours are kept in `;
    return part(
      "Your swipes",
      h("p", { class: "soft" }, there, h("span", { class: "path" }, home), ", on this device."),
      h(
        "div",
        { class: "doing" },
        button("export", "Save a copy", () => this.change(exported, false)),
        button("forget", "Forget …", () => this.change(() => this.forget())),
      ),
    );
  }

  /** Whatever tab shows of what was erased, it is to go there too. */
  forget() {
    return forgetting(() => this.settings.set("forgotten", Date.now()));
  }

  /** Does something that may change what is shown, and says what was done. */
  async change(act, isNew = true) {
    try {
      const told = await act();
      if (told === null) return;
      this.tell(told);
      this.done.focus();
      if (isNew) await this.look();
    } catch (problem) {
      this.tell(problemText(problem));
    }
  }

  tell(sentence) {
    this.done.textContent = sentence;
    announce(sentence);
  }
}

function pictures(drawn) {
  return drawn.length ? [h("section", { class: "pictures", "aria-label": "Pictures" }, drawn)] : [];
}

/** What may be gone back to: what was learned here, newest first, and what it began with. */
function rowsOf(models, used) {
  const own = models.filter(({ kind }) => kind === "personal").reverse();
  const shared = models.filter(({ kind, verdict }) => kind === "global" && verdict?.accepted).at(-1);
  const moments = own.map(({ created_at: at }) => momentOf(at));
  const isAlone = (i) => moments.indexOf(moments[i]) === moments.lastIndexOf(moments[i]);
  const names = own.map(({ id, created_at: at }, i) => ({
    to: id,
    name: `Learned on ${momentOf(at, !isAlone(i))}`,
    isUsed: id === used,
  }));
  const isOwn = own.some(({ id }) => id === used);
  // once a shared model was found good, it stands in for the one that swipefl came with
  const root = shared
    ? { to: "global", name: `The federation’s, of ${dayOf(shared.created_at)}` }
    : { to: "base", name: "The one that came with swipefl" };
  return [...names, { ...root, isUsed: !isOwn }];
}

async function exported() {
  const lines = await text("/export");
  const address = URL.createObjectURL(new Blob([lines], { type: "application/x-ndjson" }));
  h("a", { href: address, download: "swipefl.jsonl" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // a browser may ask where to put it
  return "Your swipes and words are in swipefl.jsonl. “swipefl ingest” reads them back.";
}

/** The same in one line; a command that was not a night's work came to nothing that is told here. */
function ended(job) {
  if (!job) return "";
  const { title, told } = endOf(job);
  return [`${title}.`, ...told].join(" ");
}

function button(role, label, onclick) {
  return h("button", { class: "button", type: "button", "data-role": role, onclick }, label);
}
