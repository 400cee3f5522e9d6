"""The tables of `swipefl.db`: an append-only list of named steps."""

from swipefl.database.migrations import Schema, Step
from swipefl.errors import Remedy

_ID = 0x73776670  # "swfp"

_TELLING = "keyboard, languages, word, verdict, held_out, follows"  # what personal words are made of

_STEPS = (
    Step(
        "first tables",
        (
            f"PRAGMA application_id = {_ID}",
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            """CREATE TABLE keyboards (
                name TEXT PRIMARY KEY,
                language TEXT NOT NULL,
                geometry TEXT NOT NULL  -- JSON, as Keyboard.to_json writes it
            )""",
            """CREATE TABLE gestures (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                trace BLOB NOT NULL UNIQUE,
                keyboard TEXT NOT NULL REFERENCES keyboards (name),
                word TEXT NOT NULL,
                verdict TEXT NOT NULL CHECK (verdict IN ('good', 'suspect')),
                held_out INTEGER NOT NULL CHECK (held_out IN (0, 1)),
                stored_at REAL NOT NULL,  -- unix seconds
                width REAL NOT NULL,
                height REAL NOT NULL,
                user TEXT,
                points BLOB NOT NULL  -- little-endian float32 (N, 3): x, y, t
            )""",
            # Covers the counts, the fingerprint and the personal words: none of them reads a page of points.
            "CREATE INDEX gestures_by_use ON gestures (verdict, held_out, keyboard, word, trace)",
            """CREATE TABLE bookmarks (
                path TEXT PRIMARY KEY,
                offset INTEGER NOT NULL,
                size INTEGER NOT NULL,
                line INTEGER NOT NULL,
                head TEXT NOT NULL,
                tail TEXT NOT NULL
            )""",
            """CREATE TABLE checkpoints (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL CHECK (kind IN ('global', 'personal')),
                fingerprint TEXT NOT NULL,  -- SHA-256 of blob, in hex
                parent TEXT,
                created_at REAL NOT NULL,
                in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),
                blob BLOB NOT NULL
            )""",
            "CREATE UNIQUE INDEX checkpoint_in_use ON checkpoints (in_use) WHERE in_use = 1",
            """CREATE TABLE rounds (
                number INTEGER PRIMARY KEY,
                started_at REAL NOT NULL,
                finished_at REAL NOT NULL,
                examples INTEGER NOT NULL,
                top1_before REAL,
                top1_after REAL,
                adopted INTEGER NOT NULL,
                update_id TEXT,
                base TEXT NOT NULL
            )""",
            """CREATE TABLE updates (
                id TEXT PRIMARY KEY,
                base TEXT NOT NULL,
                created_at REAL NOT NULL,
                examples INTEGER NOT NULL,
                blob BLOB NOT NULL,
                attempted INTEGER NOT NULL,
                data TEXT NOT NULL
            )""",
            """CREATE TABLE words (
                word TEXT NOT NULL,
                language TEXT NOT NULL,
                removed INTEGER NOT NULL,  -- 1: the person does not want it, however often it is swiped
                PRIMARY KEY (word, language)
            ) WITHOUT ROWID""",
        ),
    ),
    Step(
        "a federation",
        (
            """CREATE TABLE membership (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                address TEXT NOT NULL,
                device_id TEXT NOT NULL,
                credential BLOB NOT NULL,
                public_key BLOB NOT NULL,
                ca BLOB,
                insecure INTEGER NOT NULL,
                version INTEGER NOT NULL,
                fingerprint TEXT NOT NULL,
                plan TEXT NOT NULL,
                contributed INTEGER NOT NULL,
                residual BLOB NOT NULL,
                tried_at REAL NOT NULL,
                wait_s REAL NOT NULL,
                failures INTEGER NOT NULL
            )""",
            "ALTER TABLE updates ADD COLUMN version INTEGER",  # NULL until it was attempted
            "ALTER TABLE updates ADD COLUMN residual BLOB NOT NULL DEFAULT x''",
        ),
    ),
    Step(
        "verdicts on global models",  # NULL in all of them: not judged yet, or a personal one
        (
            "ALTER TABLE checkpoints ADD COLUMN device_id TEXT",  # who this device was where it came from
            "ALTER TABLE checkpoints ADD COLUMN accepted INTEGER CHECK (accepted IN (0, 1))",
            "ALTER TABLE checkpoints ADD COLUMN held_out INTEGER",
            "ALTER TABLE checkpoints ADD COLUMN swipes INTEGER",
            "ALTER TABLE checkpoints ADD COLUMN right_before INTEGER",
            "ALTER TABLE checkpoints ADD COLUMN right_now INTEGER",
        ),
    ),
    Step(
        "hidden words",
        (
            """CREATE TABLE hidden_words (
                word TEXT NOT NULL,  -- as it is written, but in lower case and without accents: it's is not its
                language TEXT NOT NULL,
                PRIMARY KEY (word, language)
            ) WITHOUT ROWID""",
        ),
    ),
    Step(
        "what a swipe is",  # its trace: loggers begin to count their ids anew
        (
            """CREATE TABLE swipes (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL,
                trace BLOB NOT NULL UNIQUE,
                keyboard TEXT NOT NULL REFERENCES keyboards (name),
                languages TEXT,  -- what its line said, as `de,en`; NULL where it said nothing
                word TEXT NOT NULL,  -- as it is written
                by_hand INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)),  -- 1: its owner said the word
                verdict TEXT NOT NULL CHECK (verdict IN ('good', 'suspect')),
                held_out INTEGER NOT NULL CHECK (held_out IN (0, 1)),
                stored_at REAL NOT NULL,  -- unix seconds
                width REAL NOT NULL,
                height REAL NOT NULL,
                user TEXT,
                points BLOB NOT NULL  -- little-endian float32 (N, 3): x, y, t
            )""",
            """INSERT INTO swipes
            (number, id, trace, keyboard, word, verdict, held_out, stored_at, width, height, user, points)
            SELECT number, id, trace, keyboard, word, verdict, held_out, stored_at, width, height, user, points
            FROM gestures ORDER BY number""",
            # no number is given out twice, also not that of a gesture that was erased
            "DELETE FROM sqlite_sequence WHERE name = 'swipes'",
            "INSERT INTO sqlite_sequence SELECT 'swipes', seq FROM sqlite_sequence WHERE name = 'gestures'",
            # the first good night writes the file anew, without the pages that the old table leaves
            "INSERT OR IGNORE INTO meta SELECT 'traces', 'owed' WHERE EXISTS (SELECT 1 FROM gestures)",
            "DROP TABLE gestures",
            "ALTER TABLE swipes RENAME TO gestures",
            # Covers the counts, the fingerprint and the personal words: none of them reads a page of points.
            "CREATE INDEX gestures_by_use ON gestures (verdict, held_out, keyboard, word, languages, trace)",
            "CREATE INDEX gestures_by_id ON gestures (id)",
            "CREATE INDEX gestures_by_word ON gestures (word)",  # finds those that are spelled alike, too
        ),
    ),
    Step(
        "lexicons of one's own",
        (
            # Until now words were kept as they are swiped: such a one stands for all that are spelled alike.
            "ALTER TABLE words ADD COLUMN folded INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE hidden_words ADD COLUMN folded INTEGER NOT NULL DEFAULT 0",
            "UPDATE words SET folded = 1",
            "UPDATE hidden_words SET folded = 1",
            """CREATE TABLE lexicons (
                language TEXT PRIMARY KEY,
                name TEXT NOT NULL,
                words INTEGER NOT NULL,
                added_at REAL NOT NULL,  -- unix seconds
                content BLOB NOT NULL  -- as a lexicon file of the package
            )""",
        ),
    ),
    Step(
        "what stood before",
        (
            "ALTER TABLE gestures ADD COLUMN before TEXT",  # the last words of the sentence so far; NULL: not known
            "ALTER TABLE gestures ADD COLUMN follows TEXT",  # the last of them, as it is compared; '' at a start
            # finds what a person writes behind a word, the newest first, without a page of points
            """CREATE INDEX gestures_by_before ON gestures (follows, verdict, held_out, number, before, word, stored_at)
            WHERE follows IS NOT NULL""",
            # finds the oldest that still counts among these
            """CREATE INDEX gestures_with_before ON gestures (number)
            WHERE follows IS NOT NULL AND verdict = 'good' AND held_out = 0""",
            # Tells a store that only grew from one in which something is not as it was.
            "CREATE TABLE rewritten (times INTEGER NOT NULL)",
            "INSERT INTO rewritten VALUES (0)",
            *(
                f"CREATE TRIGGER {name} {when} BEGIN UPDATE rewritten SET times = times + 1; END"
                for name, when in (
                    ("gestures_changed", f"AFTER UPDATE OF {_TELLING} ON gestures"),
                    ("gestures_erased", "AFTER DELETE ON gestures"),
                    ("keyboards_changed", "AFTER UPDATE ON keyboards"),
                    ("keyboards_removed", "AFTER DELETE ON keyboards"),
                )
            ),
        ),
    ),
    Step(
        "what ids name",
        (
            """CREATE TABLE names (
                id TEXT PRIMARY KEY,
                number INTEGER NOT NULL UNIQUE REFERENCES gestures (number) ON DELETE CASCADE
            ) WITHOUT ROWID""",
            "INSERT INTO names SELECT id, max(number) FROM gestures GROUP BY id",
        ),
    ),
    Step(
        "what each night came to",  # counts, where rounds have shares; those stay as they are
        (
            """CREATE TABLE nights (
                number INTEGER PRIMARY KEY,
                finished_at REAL NOT NULL,  -- unix seconds
                newest INTEGER NOT NULL,  -- the number of the newest gesture then: what has a higher one is new since
                new_swipes INTEGER NOT NULL,
                swipes INTEGER NOT NULL,  -- held out, and judged on
                right_base INTEGER NOT NULL,
                right_before INTEGER NOT NULL,
                right_new INTEGER NOT NULL,
                right_now INTEGER NOT NULL,
                only_base INTEGER NOT NULL,
                only_now INTEGER NOT NULL,
                surer REAL NOT NULL,
                adopted INTEGER NOT NULL CHECK (adopted IN (0, 1)),
                unseen INTEGER NOT NULL,  -- of those, the ones by which what was in use had not been chosen
                unseen_since REAL,
                unseen_base INTEGER NOT NULL,
                unseen_yours INTEGER NOT NULL,
                unseen_only_base INTEGER NOT NULL,
                unseen_only_yours INTEGER NOT NULL,
                unseen_surer REAL NOT NULL,
                update_id TEXT,
                shared TEXT NOT NULL CHECK (shared IN ('nothing', 'waits', 'sent', 'refused', 'stale')),
                bytes_sent INTEGER NOT NULL,
                sent_at REAL
            )""",
        ),
    ),
    Step(
        "which model a night is of",
        (
            "ALTER TABLE nights ADD COLUMN model TEXT",  # NULL: the base
            # Rounds of before there were nights have learned from what there is, too.
            """INSERT INTO meta SELECT 'learned from', (SELECT coalesce(max(number), 0) FROM gestures)
            WHERE EXISTS (SELECT 1 FROM rounds) OR EXISTS (SELECT 1 FROM nights)""",
        ),
    ),
    Step(
        "what left",
        (
            """CREATE TABLE departures (
                number INTEGER PRIMARY KEY,
                sent_at REAL NOT NULL,  -- unix seconds
                bytes INTEGER NOT NULL,
                outcome TEXT NOT NULL
            )""",
            """INSERT INTO departures (sent_at, bytes, outcome)
            SELECT sent_at, bytes_sent, shared FROM nights WHERE sent_at IS NOT NULL ORDER BY sent_at""",
        ),
    ),
    Step(
        "why a visit failed",
        ("ALTER TABLE membership ADD COLUMN fault TEXT NOT NULL DEFAULT ''",),  # JSON, as `Fault` has it
    ),
    Step(
        "when a device may contribute",
        ("ALTER TABLE membership ADD COLUMN conditions TEXT NOT NULL DEFAULT ''",),  # JSON; '': at any time
    ),
    Step(
        "what was kept for its time",
        (
            # What gestures are known again by that were erased when their time was over; number is what theirs was.
            "CREATE TABLE gone (number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE)",
            "CREATE INDEX gestures_by_time ON gestures (stored_at)",  # says how old each is without a page of points
        ),
    ),
    Step(
        "trainings that were stopped",
        (
            """CREATE TABLE begun (
                purpose TEXT PRIMARY KEY CHECK (purpose IN ('personal', 'contribution')),
                began_at REAL NOT NULL,  -- unix seconds
                settings TEXT NOT NULL,
                start TEXT NOT NULL,
                root TEXT NOT NULL,
                newest INTEGER NOT NULL,
                data TEXT NOT NULL,
                numbers BLOB NOT NULL,  -- little-endian int64 (N,), of gestures
                examples TEXT NOT NULL,
                state BLOB NOT NULL,  -- safetensors
                digest TEXT NOT NULL  -- SHA-256 of state, in hex
            )""",
        ),
    ),
)

STORE = Schema(_ID, _STEPS, lost=Remedy.INGEST_AGAIN)
