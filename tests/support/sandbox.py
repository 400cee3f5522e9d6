"""Runs a unit's command line within the limits that the unit sets, where no systemd runs.

`python -m tests.support.sandbox UNIT [WORDS...]` does it in a mount namespace of its own, as root or with a user
namespace, and then becomes the unit's command, or WORDS in its place. What it knows of a unit is what ours say; a
directive that it does not know raises KeyError, so that none goes unseen. MemoryMax is a limit of data: what is only
reserved counts too, which is stricter.
"""

import ctypes
import ctypes.util
import os
import pwd
import resource
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

PRIVATE, RECURSIVE, BIND = 1 << 18, 1 << 14, 1 << 12
NEW = {"NS": 0x20000, "UTS": 0x4000000, "IPC": 0x8000000, "USER": 0x10000000, "NET": 0x40000000}
ALL_NEW = 0x7E020080  # every kind of namespace
HIDDEN = ("/home", "/root", "/run/user")
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NOT_EQUAL, EQUAL, MASKED = 1, 4, 7
SIZES = {"M": 1 << 20, "G": 1 << 30}
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
LEFT_OUT = {  # what a test need not do: when it is started, what is said by others, and what has no effect here
    *("Type", "SuccessExitStatus", "TimeoutStartSec", "TimeoutStopSec", "AmbientCapabilities", "PrivateMounts"),
    *("Restart", "RestartPreventExitStatus"),
    *("ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectControlGroups"),
    *("LockPersonality", "RestrictRealtime", "RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallErrorNumber"),
    *("RemoveIPC", "KeyringMode", "IPAddressDeny", "TasksMax", "NoNewPrivileges", "PrivateUsers"),
}
KNOWN = {
    *("ExecStart", "User", "Environment", "WorkingDirectory", "Nice", "CPUSchedulingPolicy", "IOSchedulingClass"),
    *("LimitNOFILE", "MemoryMax", "UMask", "RestrictNamespaces", "SystemCallFilter", "RestrictAddressFamilies"),
    *("MemoryDenyWriteExecute", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateIPC"),
    *("ProtectProc", "ProtectKernelTunables", "CapabilityBoundingSet", "PrivateNetwork", "ProcSubset"),
    *("BindPaths", "BindReadOnlyPaths", "ReadWritePaths"),
}

libc = ctypes.CDLL(None, use_errno=True)


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def service(text: str) -> dict[str, list[str]]:
    """What the unit's [Service] sets, with `%` and the ends of lines as systemd reads them."""
    found = defaultdict(list)
    for line in text.split("[Service]\n")[1].replace("\\\n", " ").splitlines():
        if line.startswith("["):
            break
        if line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found[name].append(value.replace("%%", "%"))
    strange = set(found) - KNOWN - LEFT_OUT
    if strange:
        raise KeyError(f"the sandbox does not know {sorted(strange)}")
    return dict(found)


def call(name: str, *given: object) -> None:
    """A function of the C library. Raises OSError."""
    if getattr(libc, name)(*given) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}", str(given))


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str = "") -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    call("mount", *texts, ctypes.c_ulong(flags), data.encode())


def set_read_only(path: str, wanted: bool, deep: bool = True) -> None:
    """`mount_setattr`, for a path and what is mounted below it."""
    wish = (ctypes.c_uint64 * 4)(int(wanted), int(not wanted), 0, 0)
    call("syscall", 442, -100, path.encode(), 0x8000 if deep else 0, wish, 32)


def hide(unit: Mapping[str, list[str]]) -> None:
    """Gives this process the unit's view of the disk."""
    mount("none", "/", None, PRIVATE | RECURSIVE)  # first of all: nothing that is mounted here is seen elsewhere
    kept = []
    for name in ("BindReadOnlyPaths", "BindPaths"):
        for path in (shlex.split(value)[0] for value in unit.get(name, ())):
            if os.path.exists(path.removeprefix("-")) or not path.startswith("-"):
                path = path.removeprefix("-")
                kept.append((path, name == "BindPaths", os.open(path, os.O_PATH)))
    hidden = [*HIDDEN] * (unit.get("ProtectHome") in (["tmpfs"], ["yes"])) + ["/tmp", "/var/tmp"] * (
        "PrivateTmp" in unit
    )
    for folder in filter(os.path.isdir, hidden):
        mount("tmpfs", folder, "tmpfs", 0, "mode=1777" if "tmp" in folder else "mode=755")
    for path, _, source in sorted(kept):
        target = Path(path)
        if os.path.isdir(f"/proc/self/fd/{source}"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        mount(f"/proc/self/fd/{source}", path, None, BIND | RECURSIVE)
    writable = [path for path, may_write, _ in kept if may_write]
    there = (shlex.split(value)[0].removeprefix("-") for value in unit.get("ReadWritePaths", ()))
    for path in filter(os.path.exists, there):
        mount(path, path, None, BIND | RECURSIVE)
        writable.append(path)
    if "PrivateDevices" in unit:
        _devices()
    if "ProtectProc" in unit:
        subset = ",subset=pid" if unit.get("ProcSubset") == ["pid"] else ""
        mount("proc", "/proc", "proc", 0, f"hidepid=invisible{subset}")
    if unit.get("ProtectSystem") == ["strict"]:
        set_read_only("/", True)
        for path in (*writable, "/dev", "/proc", "/tmp", "/var/tmp"):
            set_read_only(path, False)


def _devices() -> None:
    names = ("null", "zero", "full", "random", "urandom", "tty", "shm")
    kept = [(name, os.open(f"/dev/{name}", os.O_PATH)) for name in names]
    mount("tmpfs", "/dev", "tmpfs", 0, "mode=755")
    for name, source in kept:
        path = Path("/dev", name)
        path.mkdir() if name == "shm" else path.touch()
        mount(f"/proc/self/fd/{source}", str(path), None, BIND)


def filter_calls(unit: Mapping[str, list[str]]) -> None:
    """Lets the kernel refuse what the unit forbids; after this it cannot be taken back."""
    refused: list[tuple[str, tuple[Compare, ...]]] = []
    if unit.get("RestrictAddressFamilies") == ["none"]:
        refused += [("socket", ())]
    elif "RestrictAddressFamilies" in unit:
        known = {FAMILIES[name] for name in unit["RestrictAddressFamilies"][0].split()}
        refused += [("socket", (Compare(0, EQUAL, number),)) for number in range(46) if number not in known]
    if "RestrictNamespaces" in unit:
        refused += [("unshare", ()), ("setns", ())]
        refused += [("clone", (Compare(0, MASKED, 1 << bit, 1 << bit),)) for bit in range(32) if ALL_NEW >> bit & 1]
        _load(ALLOW, REFUSE | 38, [("clone3", ())])  # no such call: the C library takes `clone`
    if "MemoryDenyWriteExecute" in unit:
        refused += [("mmap", (Compare(2, MASKED, 6, 6),)), ("shmat", (Compare(2, MASKED, 0o100000, 0o100000),))]
        refused += [(name, (Compare(2, MASKED, 4, 4),)) for name in ("mprotect", "pkey_mprotect")]
    if refused:
        _load(ALLOW, REFUSE | 1, refused)
    if "SystemCallFilter" in unit:  # the last one: it lets nobody load another
        allowed: set[str] = set()
        for value in unit["SystemCallFilter"]:
            names = {name for word in value.removeprefix("~").split() for name in _calls(word)}
            allowed = allowed - names if value.startswith("~") else allowed | names
        _load(REFUSE | 1, ALLOW, [(name, ()) for name in sorted(allowed | _calls("@default") | {"execve"})])


def _calls(word: str) -> set[str]:
    """The system calls of a group, as systemd has it."""
    if not word.startswith("@"):
        return {word}
    shown = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    names = [line.strip() for line in shown.stdout.splitlines()[1:]]
    return {call for name in names if name and not name.startswith("#") for call in _calls(name)}


def _load(otherwise: int, action: int, rules: Iterable[tuple[str, tuple[Compare, ...]]]) -> None:
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(otherwise)))
    for name, compares in rules:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of other machines
            given = (Compare * len(compares))(*compares)
            code = seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(compares), given)
            if code:
                raise OSError(-code, f"{name}: {os.strerror(-code)}")
    if code := seccomp.seccomp_load(context):
        raise OSError(-code, os.strerror(-code))


def bound(unit: Mapping[str, list[str]]) -> None:
    """Sets what the process may use."""
    files = min(int(unit["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    memory = int(unit["MemoryMax"][0][:-1]) * SIZES[unit["MemoryMax"][0][-1]]
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    os.umask(int(unit["UMask"][0], 8))
    if "Nice" in unit:
        os.nice(int(unit["Nice"][0]))
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        call("syscall", 251, 1, 0, 3 << 13)  # ioprio_set: idle


def become(name: str | None) -> None:
    """Gives up all rights, and becomes the person where one is named."""
    for capability in range(41):
        call("prctl", 24, capability, 0, 0, 0)
    if name and os.getuid() == 0:
        person = pwd.getpwnam(name)
        os.setgroups([])
        os.setgid(person.pw_gid)
        os.setuid(person.pw_uid)
    call("prctl", 38, 1, 0, 0, 0)  # no new privileges
    if os.geteuid() == 0:
        header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        call("syscall", 126, header, nothing)  # capset: none


def main(path: str, *instead: str) -> None:
    unit = service(Path(path).read_text("utf-8"))
    kinds = NEW["NS"] | NEW["IPC"] | NEW["NET"] * ("PrivateNetwork" in unit)
    if "ProtectSystem" in unit:
        if os.geteuid():
            ids = os.getuid(), os.getgid()
            call("unshare", NEW["USER"] | kinds)
            Path("/proc/self/setgroups").write_text("deny")
            for kind, number in zip(("uid", "gid"), ids, strict=True):
                Path(f"/proc/self/{kind}_map").write_text(f"{number} {number} 1")
        else:
            call("unshare", kinds)
        hide(unit)
    bound(unit)
    os.chdir(unit["WorkingDirectory"][0])
    for variable in (shlex.split(value)[0] for value in unit.get("Environment", ())):
        os.environ.update([variable.split("=", 1)])
    words = list(instead) or shlex.split(unit["ExecStart"][-1].lstrip("-:"))
    become(unit.get("User", [None])[0])
    filter_calls(unit)
    os.execv(words[0], words)


if __name__ == "__main__":
    main(*sys.argv[1:])
