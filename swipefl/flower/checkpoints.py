"""What the server knows, in one folder: its signing key, and its versions, each with all that the next goes on from.

    key.pem                 ed25519; whoever followed one version follows no other key
    version-7.safetensors   the model in float32, a checkpoint as any other
    version-7.state         the signed manifest of it, what the strategy remembers, what went into it
    rounds.jsonl            what each round came to
    nodes                   what its nodes are: a lab's devices never go on from what coordinators made

A version is there once its state is, which is written last. Then what it includes counts, and not before.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from safetensors import SafetensorError
from safetensors.numpy import load, save

from swipefl.database.lock import hold
from swipefl.database.snapshots import translating_os
from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError, Remedy, SwipeflError, UsageError
from swipefl.federation.protocol.signing import public_bytes, signed_manifest, verified_manifest
from swipefl.federation.wire.v1.federation_pb2 import Manifest, SignedManifest
from swipefl.flower.project import FlowerNodes
from swipefl.flower.strategies import Memory
from swipefl.jsonline import json_line
from swipefl.operations.coordinator_backup import read_key
from swipefl.operations.copies import write_private

FORMAT = "swipefl-flower-1"
KEPT = 3  # versions whose files stay
KEY, ROUNDS, NODES = "key.pem", "rounds.jsonl", "nodes"
LATEST = 64 * 1024  # bytes of the rounds that are read again: some hundreds of them


@dataclass(frozen=True)
class Sums:
    """What went into a version: of how many coordinators, out of how many updates and examples.

    `fault` says why the model is still the one before.
    """

    coordinators: int
    updates: int
    examples: int
    fault: str | None = None


@dataclass(frozen=True, eq=False)
class Made:
    """A version: its model, what the strategy remembers, and of whom which contribution went into one last.

    `since` says into which version that was, `rounds` in how many rounds all that is in it was given.
    """

    version: int
    model: Checkpoint
    memory: Memory = field(default_factory=dict)
    included: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)
    sums: Sums | None = None
    rounds: int = 0


@dataclass(frozen=True)
class Line:
    """What a round came to, a line of `rounds.jsonl`; top-1 on the holdouts of the coordinators that have one."""

    version: int
    round: int
    coordinators: int
    updates: int
    examples: int
    top1_before: float | None
    top1_after: float | None
    fault: str | None = None


class Folder:
    """The folder `path`, of one server at a time, and one kind of nodes.

    Raises StoreError, CheckpointError for what is damaged.
    """

    def __init__(self, path: Path, nodes: FlowerNodes = FlowerNodes.COORDINATORS) -> None:
        self.path = path
        self._nodes = nodes

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else has it inside. Raises StoreBusy where another one does, UsageError where its nodes are others."""
        with hold(self.path):
            self._check_nodes()
            yield

    def _check_nodes(self) -> None:
        file = self.path / NODES
        with translating_os(file):
            known = file.read_text("utf-8", errors="replace").strip() if os.path.lexists(file) else None
        if known is None:
            write_private(file, f"{self._nodes}\n".encode())
        elif known != self._nodes:
            what = "the versions in {folder} are of nodes that are {known}, and this project's are {nodes}"
            facts = {"folder": self.path, "known": known[:20], "nodes": str(self._nodes)}
            raise UsageError("other-nodes", what, Remedy.OTHER_STATE, **facts)

    def key(self) -> Ed25519PrivateKey:
        """The key that signs, made before the first version. Raises DataError for a file that holds none."""
        file = self.path / KEY
        if not (os.path.lexists(file) or self._versions()):
            new = Ed25519PrivateKey.generate()
            write_private(file, new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return read_key(file)

    def newest(self) -> tuple[Made, SignedManifest] | None:
        """The newest version and its signed manifest, None before there is one.

        Raises CheckpointError for one that is damaged or another key's: to go on from an older one is for its owner
        to decide, by restoring a copy.
        """
        versions = self._versions()
        return self._read(versions[-1]) if versions else None

    def _versions(self) -> list[int]:
        numbers = (file.stem.removeprefix("version-") for file in self.path.glob("version-*.state"))
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _read(self, version: int) -> tuple[Made, SignedManifest]:
        file = self._file(version, "state")
        try:
            blob = file.read_bytes()
            said = json.loads(_metadata(blob)["swipefl"])
            if said["format"] != FORMAT:
                raise _damaged(file, "it is of another format")
            signed = SignedManifest(
                manifest=base64.b64decode(said["manifest"]), signature=base64.b64decode(said["signature"])
            )
            manifest = verified_manifest(signed, public_bytes(self.key()))
            model = self._file(version, "safetensors").read_bytes()
            if manifest.version != version or manifest.sha256 != sha256(model).digest():
                raise _damaged(file, "it is of another model")
            sums = said["sums"] and Sums(**said["sums"])
            included = {str(name): str(contribution) for name, contribution in said["included"].items()}
            since = {name: int(said["since"][name]) for name in included}
            rounds = int(said["rounds"])
            return Made(version, checkpoint_from_bytes(model), load(blob), included, since, sums, rounds), signed
        except SwipeflError as error:
            raise _damaged(file, str(error)) from error
        except (OSError, AttributeError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise _damaged(file, "it cannot be read") from error

    def write(self, made: Made) -> SignedManifest:
        """The version is there from now on, or not at all; the oldest files go."""
        blob = made.model.to_bytes()
        manifest = Manifest(
            version=made.version,
            architecture=made.model.architecture,
            fingerprint=made.model.fingerprint,
            sha256=sha256(blob).digest(),
            size_bytes=len(blob),
        )
        signed = signed_manifest(manifest, self.key())
        said = {
            "format": FORMAT,
            "manifest": base64.b64encode(signed.manifest).decode(),
            "signature": base64.b64encode(signed.signature).decode(),
            "included": dict(made.included),
            "since": dict(made.since),
            "sums": made.sums and asdict(made.sums),
            "rounds": made.rounds,
        }
        write_private(self._file(made.version, "safetensors"), blob)
        state = save(dict(made.memory), {"swipefl": json.dumps(said, sort_keys=True)})
        write_private(self._file(made.version, "state"), state)
        self._prune()
        return signed

    def _prune(self) -> None:
        for version in self._versions()[:-KEPT]:
            for kind in ("safetensors", "state"):  # the newest are whole
                with suppress(OSError):
                    self._file(version, kind).unlink()

    def lines(self) -> list[dict[str, Any]]:
        """What the latest rounds came to; what a power cut left of a line is none."""
        path = self.path / ROUNDS
        with translating_os(path), suppress(FileNotFoundError), path.open("rb") as file:
            behind = max(0, file.seek(0, os.SEEK_END) - LATEST)
            file.seek(behind)
            read = file.read().split(b"\n")[1 if behind else 0 :]
            return [line for line in map(_line, read) if line is not None]
        return []

    def note(self, line: Line) -> bool:
        """One more round, unless it is there; whether it was not."""
        is_new = not any(each["version"] == line.version for each in self.lines())
        if is_new:
            with translating_os(self.path / ROUNDS):
                append_private(self.path / ROUNDS, json_line(asdict(line)).encode())
        return is_new

    def _file(self, version: int, kind: str) -> Path:
        return self.path / f"version-{version}.{kind}"


def append_private(file: Path, line: bytes) -> None:
    """One more line of a file that only its owner may read, on disk from now on, whatever the last one is."""
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+", buffering=0) as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - 1))
        opened.write((b"\n" if opened.read() not in (b"", b"\n") else b"") + line + b"\n")
        os.fsync(opened.fileno())


def _line(text: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) and "version" in said else None


def _metadata(blob: bytes) -> dict[str, str]:
    header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
    return dict(header["__metadata__"])


def _damaged(file: Path, why: str) -> CheckpointError:
    what = "{path} is damaged: {why}; nothing older is gone on from unasked"
    return CheckpointError("damaged-version", what, Remedy.RESTORE_COPY, path=file, why=why)
