"""The tables of `coordinator.db`: an append-only list of named steps."""

from swipefl.database.migrations import Schema, Step
from swipefl.errors import Remedy

LOCK = "coordinator.lock"  # beside it: who serves or restores holds it
_ID = 0x73776663  # "swfc"
_DAY = "CAST({}seen_at / 86400 AS INTEGER)"
_OLD, _NEW = (f"({each}.revoked, {each}.has_left, {_DAY.format(f'{each}.')})" for each in ("OLD", "NEW"))
_COUNTED_IN = f"""INSERT INTO census VALUES ({_DAY.format("NEW.")}, NEW.revoked, NEW.has_left, 1)
    ON CONFLICT (day, revoked, has_left) DO UPDATE SET devices = devices + 1;"""
_COUNTED_OUT = f"""UPDATE census SET devices = devices - 1
    WHERE day = {_DAY.format("OLD.")} AND revoked = OLD.revoked AND has_left = OLD.has_left;"""

_STEPS = (
    Step(
        "first tables",
        (
            f"PRAGMA application_id = {_ID}",
            """CREATE TABLE keys (
                number INTEGER PRIMARY KEY,
                private BLOB NOT NULL,
                succession BLOB NOT NULL  -- by which the key before names this one; empty for the first
            )""",
            """CREATE TABLE tokens (
                hash BLOB PRIMARY KEY,  -- SHA-256 of the secret
                expires_at REAL NOT NULL,
                device TEXT REFERENCES devices (id)  -- who used it
            ) WITHOUT ROWID""",
            """CREATE TABLE devices (
                id TEXT PRIMARY KEY,
                credential BLOB NOT NULL,  -- its SHA-256
                enrolled_at REAL NOT NULL,
                seen_at REAL NOT NULL,  -- to some seconds
                revoked INTEGER NOT NULL
            ) WITHOUT ROWID""",
            """CREATE TABLE versions (
                number INTEGER PRIMARY KEY,
                made_by TEXT NOT NULL,  -- published, aggregated, kept, followed or rolled back
                created_at REAL NOT NULL,
                updates INTEGER NOT NULL,
                architecture TEXT NOT NULL,
                fingerprint TEXT NOT NULL,
                sha256 BLOB NOT NULL,
                top1 REAL,  -- on the holdout
                blob BLOB  -- NULL once pruned
            )""",
            # The float32 weights behind the newest version, which is published in float16.
            """CREATE TABLE masters (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                version INTEGER NOT NULL,
                weights BLOB NOT NULL,
                moments BLOB NOT NULL  -- what the server optimiser remembers
            )""",
            """CREATE TABLE updates (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL,
                device TEXT NOT NULL REFERENCES devices (id),
                version INTEGER NOT NULL,
                examples INTEGER NOT NULL,
                received_at REAL NOT NULL,
                consumed_by INTEGER,  -- the version that it went into
                blob BLOB,  -- NULL once consumed
                UNIQUE (device, version),
                UNIQUE (device, id)
            )""",
            "CREATE INDEX updates_by_consumer ON updates (consumed_by)",
        ),
    ),
    Step(
        "one vote a device, and what a version came to",
        (
            "ALTER TABLE tokens ADD COLUMN name TEXT NOT NULL DEFAULT ''",  # of the device that it will enrol
            "ALTER TABLE devices ADD COLUMN name TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE devices ADD COLUMN enrolled_with INTEGER NOT NULL DEFAULT 0",  # the newest version then
            """UPDATE devices SET enrolled_with =
                coalesce((SELECT max(number) FROM versions WHERE created_at <= enrolled_at), 0)""",
            "ALTER TABLE devices ADD COLUMN has_left INTEGER NOT NULL DEFAULT 0",  # of its own will
            # Its updates by what became of them.
            "ALTER TABLE devices ADD COLUMN taken INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE devices ADD COLUMN refused INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE devices ADD COLUMN stale INTEGER NOT NULL DEFAULT 0",
            "UPDATE devices SET taken = (SELECT count(*) FROM updates WHERE device = devices.id)",  # that are known of
            # On the holdout, of a candidate that was worse than what was kept in its place.
            "ALTER TABLE versions ADD COLUMN unkept_top1 REAL",
            "DROP INDEX updates_by_consumer",
            "CREATE INDEX updates_by_fate ON updates (consumed_by, device)",
            # What whoever serves goes by, for who writes to its file beside it.
            "CREATE TABLE serving (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
            # Which devices have said of a version whether it helped. What they said is in the sum alone.
            """CREATE TABLE judges (
                device TEXT NOT NULL REFERENCES devices (id),
                version INTEGER NOT NULL,
                PRIMARY KEY (device, version)
            ) WITHOUT ROWID""",
            """CREATE TABLE judged (
                version INTEGER PRIMARY KEY,
                devices INTEGER NOT NULL,
                swipes INTEGER NOT NULL,
                right_before INTEGER NOT NULL,  -- with the version before
                right_now INTEGER NOT NULL
            )""",
        ),
    ),
    Step(
        "each device's last update is known for good",
        (
            # The id of the one that was taken last: updates are forgotten once their versions are old.
            "ALTER TABLE devices ADD COLUMN last_update TEXT NOT NULL DEFAULT ''",
            """UPDATE devices SET last_update =
                coalesce((SELECT id FROM updates WHERE device = devices.id ORDER BY number DESC LIMIT 1), '')""",
        ),
    ),
    Step(
        "what is lent to who makes the versions elsewhere",
        (
            # Whose versions are followed, and the last of them.
            """CREATE TABLE followed (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                signer BLOB NOT NULL,  -- the public key that signed it, and is to sign all later ones
                version INTEGER NOT NULL,
                sha256 BLOB NOT NULL,
                proof BLOB NOT NULL,  -- its signed manifest
                top1_before REAL,  -- on the holdout, of what was here before it
                top1_after REAL
            )""",
            # Since that version was followed.
            """CREATE TABLE contributions (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                attempt TEXT NOT NULL UNIQUE,
                newest INTEGER NOT NULL,  -- version here, from which the updates' lateness was counted
                updates INTEGER NOT NULL
            )""",
            # Each holds all that was lent before and still waits: the first one that an update is in says which do.
            """CREATE TABLE lent (
                number INTEGER PRIMARY KEY REFERENCES updates (number) ON DELETE CASCADE,
                since INTEGER NOT NULL  -- number of a contribution
            )""",
        ),
    ),
    Step(
        "a fleet is listed by pages and counted without a look at each device",
        (
            "CREATE INDEX devices_by_enrolment ON devices (enrolled_at, id)",
            "CREATE INDEX devices_refused ON devices (enrolled_at, id, has_left) WHERE revoked",
            "CREATE INDEX judges_by_version ON judges (version)",
            # How many devices were last seen on a day since 1970, and of these how many are refused, and how many left.
            """CREATE TABLE census (
                day INTEGER NOT NULL,
                revoked INTEGER NOT NULL,
                has_left INTEGER NOT NULL,
                devices INTEGER NOT NULL,
                PRIMARY KEY (day, revoked, has_left)
            ) WITHOUT ROWID""",
            f"INSERT INTO census SELECT {_DAY.format('')}, revoked, has_left, count(*) FROM devices GROUP BY 1, 2, 3",
            f"CREATE TRIGGER device_came AFTER INSERT ON devices BEGIN {_COUNTED_IN} END",
            f"""CREATE TRIGGER device_changed AFTER UPDATE OF seen_at, revoked, has_left ON devices
                WHEN {_OLD} <> {_NEW}
                BEGIN {_COUNTED_OUT} {_COUNTED_IN} END""",
            f"CREATE TRIGGER device_went AFTER DELETE ON devices BEGIN {_COUNTED_OUT} END",
        ),
    ),
)

# A consumed update's pages are used again at once: overwriting them with zeros first would halve the pace.
# Pages of 32 KiB took half the processor time of 4 KiB for an update of half a megabyte.
COORDINATOR = Schema(_ID, _STEPS, lost=Remedy.RESTORE_COPY, page_size=32_768, secure_delete=False)
