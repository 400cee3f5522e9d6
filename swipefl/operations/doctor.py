"""Whether all is well with a device, and what to do where it is not; mends what can be mended without any loss."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from swipefl.errors import Interrupted, Remedy, SwipeflError, Unwell
from swipefl.operations.findings import Finding, found

Look = Callable[[], Iterable[Finding]]
Mend = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Check:
    """One matter: what looks at it, and what mends those of its findings that can be mended, a sentence each."""

    name: str
    look: Look
    mend: Mend | None = None


@dataclass(frozen=True)
class Mended:
    """What `doctor` did about a matter, or why it could not."""

    name: str
    did: str
    failed: bool = False
    error: SwipeflError | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What was found in a home, and before that mended."""

    home: str
    findings: tuple[Finding, ...]
    mended: tuple[Mended, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong; what could not be found out is not."""
        return not any(finding.state == "wrong" for finding in self.findings)

    def raise_if_unwell(self) -> None:
        """Raises Unwell where something is wrong."""
        wrong = [finding for finding in self.findings if finding.state == "wrong"]
        can_fix = 0 if self.mended else sum(finding.can_fix for finding in wrong)
        if wrong:
            what = "{count} of {all} lines say what is wrong"
            facts = {"count": len(wrong), "all": len(self.findings)}
            raise Unwell("unwell", what, Remedy.MEND if can_fix else None, can_fix=can_fix, **facts)


class Doctor:
    """Looks at one matter after the other, in this order; nothing that is wrong with one keeps it from the next."""

    def __init__(self, home: str, checks: Sequence[Check]) -> None:
        self._home = home
        self._checks = checks

    def run(self, fix: bool = False, on_finding: Callable[[Finding], None] = lambda finding: None) -> Diagnosis:
        """Looks; with `fix` it mends before, and what it then finds is what is left. Raises what a stop says."""
        mended = tuple(self._mended()) if fix else ()
        findings = []
        for finding in self._found():
            on_finding(finding)
            findings.append(finding)
        return Diagnosis(self._home, tuple(findings), mended)

    def _found(self) -> Iterator[Finding]:
        for check in self._checks:
            yield from found(check.name, check.look)

    def _mended(self) -> Iterator[Mended]:
        for check in self._checks:
            if check.mend and any(finding.can_fix for finding in found(check.name, check.look)):
                yield from _tried(check.name, check.mend)


def _tried(name: str, mend: Mend) -> Iterator[Mended]:
    try:
        yield from (Mended(name, did) for did in mend())
    except Interrupted:
        raise
    except SwipeflError as error:
        yield Mended(name, str(error), failed=True, error=error)
    except OSError as error:
        yield Mended(name, f"it cannot be mended here: {error.strerror}", failed=True)
