"""What is in the store: whether the file is sound, its models can be used, its words can be read."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from swipefl.database.looking import trace_of
from swipefl.database.migrations import Schema, version
from swipefl.database.snapshots import copies_beside, drafts_left
from swipefl.database.sql import Sql
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.encoder import usable
from swipefl.decoder.lexicon import shipped
from swipefl.decoder.word_list import unpacked
from swipefl.errors import CheckpointError, StoreBusy, StoreError, UsageError
from swipefl.gesture.language import Languages, tags_of
from swipefl.operations.checks.clock import minute
from swipefl.operations.checks.running import megabytes
from swipefl.operations.findings import Finding, counted, of_error
from swipefl.stopping import Stop
from swipefl.store.models import read, used
from swipefl.store.schema import STORE
from swipefl.store.store import Store

DATABASE, MODELS, LANGUAGES, KEYBOARDS, SIZE = "database", "models", "languages", "keyboards", "size"
BACKUP = "backup"
BACKED_UP = "backed up"  # when the last backup was made, in unix seconds
LOOKS = 4
MOST_TOLD = 100  # faults that SQLite counts
LARGE = 200 * 1000**2
_LOST = (
    "`swipefl restore FILE` puts a backup in its place; without one keep a copy, move it and what begins with its name "
    "aside, and `swipefl ingest` reads your files again"
)
_OF_INDEX = re.compile(r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index")
REMEDIES = {
    "damaged-database": _LOST,
    "unusable": _LOST,
    "no-file": "move it aside",
    "no-access": "check whose it is and who may read it; run this as that user",
    "io": "check the disk",
    "locked": "look again when that program is done",
}
Opened = Callable[[], Store]


def fault_of(name: str, error: StoreError) -> Finding:
    """What keeps the store from being read."""
    if error.code == "no-store":
        return Finding(name, "note", "nothing is stored yet", "`swipefl ingest FILE` begins")
    if isinstance(error, StoreBusy):
        return Finding(name, "unknown", "another program keeps it locked just now", REMEDIES["locked"])
    return of_error(name, error, REMEDIES.get(error.code))


def steadily(path: Path, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a look at the file finds; once more where somebody wrote it meanwhile and something seemed to be wrong."""
    for left in reversed(range(LOOKS)):
        before, found = trace_of(path), list(look())
        if not left or trace_of(path) == before or not any(each.state in ("wrong", "unknown") for each in found):
            break
    yield from found


def database(path: Path, opened: Opened, stop: Stop) -> Iterator[Finding]:
    """Whether the file is whole, ours and of this version. Raises what `stop` says."""
    yield from steadily(path, lambda: _database(path, opened, stop))


def _database(path: Path, opened: Opened, stop: Stop) -> Iterator[Finding]:
    try:
        with opened() as store:
            yield from soundness(path, store.sql, STORE, stop)
            owes = _knows(store) and store.is_rewriting_due()
    except StoreError as error:
        yield unopened(path, error)
        return
    if owes:
        says = "what was erased is in no table any more, but the file may hold traces of it"
        yield Finding(DATABASE, "note", says, "the next `swipefl cycle` rewrites it", can_fix=True)


def unopened(path: Path, error: StoreError) -> Finding:
    """What keeps a database from being read, also where its name leads to nothing."""
    if error.code == "no-store" and path.is_symlink():
        says = f"{path} is a link to what is not there"
        return Finding(DATABASE, "wrong", says, "mount or make that, or remove the link")
    return fault_of(DATABASE, error)


def soundness(path: Path, sql: Sql, schema: Schema, stop: Stop, lost: str = _LOST) -> Iterator[Finding]:
    """Whether a database is whole and of this version; `lost` helps where it is not. Raises StoreError."""
    yield from _of_version(path, sql, schema)
    faults, orphans = sql.faults(MOST_TOLD, stop), len(sql.rows("PRAGMA foreign_key_check"))
    if faults:
        is_index = all(_OF_INDEX.search(each) for each in faults)
        more = " or more" if len(faults) >= MOST_TOLD else ""
        says = f"{path} is damaged in {len(faults)}{more} place{'' if len(faults) == 1 else 's'}"
        if is_index:
            says += ", all of them in what is derived from the rest"
        yield Finding(DATABASE, "wrong", says, None if is_index else lost, can_fix=is_index)
    if orphans:
        yield Finding(DATABASE, "wrong", f"{counted(orphans, 'row')} of {path} without what they refer to", lost)
    if not faults and not orphans:
        yield Finding(DATABASE, "ok", f"{path} is sound: every page, index and reference was looked at")


def _of_version(path: Path, sql: Sql, schema: Schema) -> Iterator[Finding]:
    has, knows = version(sql.db), len(schema.steps)
    if has > knows:
        says = f"{path} was written by a newer swipefl (schema {has}, this one knows {knows})"
        yield Finding(DATABASE, "wrong", says, "install that swipefl, or a newer one")
    elif has < knows:
        says = f"{path} was written by an older swipefl (schema {has} of {knows})"
        yield Finding(DATABASE, "note", says, "the next command that writes brings it up to date")


def _knows(store: Store) -> bool:
    """Whether all that is in the store is where this swipefl looks for it."""
    return version(store.sql.db) == len(STORE.steps)


def looking(name: str, path: Path, opened: Opened, look: Callable[[Store], Iterator[Finding]]) -> Iterator[Finding]:
    """What a look into the store finds; what keeps it from being read is told once, by `database`."""
    yield from steadily(path, lambda: _looking(name, opened, look))


def _looking(name: str, opened: Opened, look: Callable[[Store], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        with opened() as store:
            if not _knows(store):
                yield Finding(name, "unknown", "this is looked at once the store is of this swipefl's version")
                return
            yield from look(store)
    except StoreError as error:
        if error.code != "no-store":
            yield Finding(name, "unknown", f"this cannot be read: {error}")


def models(store: Store) -> Iterator[Finding]:
    """Whether each model is as it was stored, and the one in use is of use. Raises StoreError."""
    usable(base_checkpoint())
    every, bad = store.checkpoints.all(), 0
    in_use = used(store)
    for stored in every:
        try:
            usable(read(stored))
        except CheckpointError as error:
            bad += 1
            yield Finding(MODELS, "wrong", f"{error}{_instead(stored.kind)}", _anew(stored.kind))
    if not bad:
        what = (
            f"your model is number {in_use.id}" if in_use and in_use.kind == "personal" else "the federation's is used"
        )
        what = what if in_use else "the model that came with swipefl is used"
        count = f"{counted(len(every), 'model')} stored, each as it was" if every else "there is no other yet"
        yield Finding(MODELS, "ok", f"{what}; {count}")


def _instead(kind: str) -> str:
    return "; another is used instead" if kind == "personal" else ""


def _anew(kind: str) -> str:
    if kind == "global":
        return "the next `swipefl sync` fetches it once more"
    return "`swipefl train` makes another; `swipefl status` shows those that `swipefl reset --to` goes back to"


def languages(store: Store, person: Languages, source: str) -> Iterator[Finding]:
    """What the person writes in, what says so, and whether there are words of it. Raises StoreError."""
    own = store.lexicons.all()
    for lexicon in own:
        try:
            unpacked(store.lexicons.content(lexicon.language))
        except (StoreError, ValueError):
            says = f"the word list {lexicon.name!r} of {lexicon.language} cannot be read"
            remedy = f"`swipefl lexicons add FILE --language {lexicon.language}` brings it again, "
            yield Finding(LANGUAGES, "wrong", says, f"{remedy}`swipefl lexicons remove` goes back to swipefl's own")
    known = {*shipped(), *(lexicon.language for lexicon in own)}
    if without := [language for language in person if not known & set(tags_of(language))]:
        says = f"there is no word list of {', '.join(without)}: only words that you swiped before are known"
        yield Finding(LANGUAGES, "note", says, f"`swipefl lexicons add FILE --language {without[0]}`")
    says = f"you write in {', '.join(person)}, by {source}"
    lists = f", with {counted(len(own), 'word list')} of your own" if own else ""
    yield Finding(LANGUAGES, "ok", f"{says}{lists}")


def keyboards(store: Store, wanted: str | None) -> Iterator[Finding]:
    """Whether every keyboard can be read, and the one of the settings is there. Raises StoreError."""
    try:
        stored = store.keyboards.stored()
    except StoreError as error:
        if "keyboard" not in str(error.facts.get("detail")):
            raise
        yield Finding(KEYBOARDS, "wrong", "a keyboard in the store cannot be read", _LOST)
        return
    if wanted and not Path(wanted).is_file():
        try:
            store.keyboards.get(wanted)
        except UsageError as error:
            yield of_error(KEYBOARDS, error, None if error.remedy else "`swipefl keyboards list` shows what there is")
            return
    in_use = "1 keyboard is in use" if len(stored) == 1 else f"{len(stored)} keyboards are in use"
    yield Finding(KEYBOARDS, "ok", in_use if stored else "none was swiped on yet")


def size(store: Store) -> Iterator[Finding]:
    """How much room the store takes, and what for. Raises StoreError."""

    def summed(what: str, table: str) -> int:
        return int(store.sql.rows(f"SELECT coalesce(sum({what}), 0) FROM {table}")[0][0])

    whole = sum(store.sql.rows("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")[0])
    swipes, kept = summed("length(points)", "gestures"), summed("length(blob)", "checkpoints")
    ((free,),) = store.sql.rows("SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size")
    counts = store.gestures.counts()
    count = counts["good"] + counts["suspect"]
    says = f"{megabytes(whole)}: {counted(count, 'swipe')} ({megabytes(swipes)}), models ({megabytes(kept)})"
    says += f", {megabytes(free)} of it to be used again" if free > 1e6 else ""
    copies = [path for path in (*copies_beside(store.path), *drafts_left(store.path)) if path.is_file()]
    beside = sum(path.stat().st_size for path in copies)
    if copies:
        says += f"; beside it {counted(len(copies), 'file')} of copies ({megabytes(beside)}): {copies[-1].name}"
        says += " and others" if len(copies) > 1 else ""
    yield Finding(SIZE, "note" if whole + beside > LARGE else "ok", says)


def backup(store: Store) -> Iterator[Finding]:
    """When `swipefl backup` last wrote one of what is here; whether it is still there nobody here knows."""
    if made_at := store.meta.get(BACKED_UP):
        yield Finding(BACKUP, "ok", f"the last one was made at {minute(float(made_at))}")
    elif any(store.gestures.counts().values()):
        yield Finding(BACKUP, "note", "none was made of this store yet", "`swipefl backup FILE` makes one")


def marks(store: Store) -> dict[str, float | None]:
    """What is known to have been, and when. Raises StoreError."""

    def newest(what: str, table: str) -> float | None:
        found = store.sql.rows(f"SELECT max({what}) FROM {table}")[0][0]
        return None if found is None else float(found)

    return {
        "the newest swipe": newest("stored_at", "gestures"),
        "the last night": newest("finished_at", "nights"),
        "the newest model": newest("created_at", "checkpoints"),
    }
