"""The system's bus (D-Bus): properties of services that run already. Who does not answer soon is not waited for."""

import time
from collections.abc import Callable
from typing import Any

PROPERTIES = "org.freedesktop.DBus.Properties"
DEADLINE_S = 1.0  # for all that is asked in one look: a service answers in milliseconds, or hangs
NO_AUTO_START = 2  # a flag of the message: what does not run is not started for our sake


class Absent(Exception):
    """There is no bus, or no such service on it."""


class Silent(Exception):
    """There is one, and it does not tell: no answer in time, or none that can be understood."""


class Bus:
    """Asks services for properties; a connection each time, within `deadline_s` from its being made to its answer.

    A service that was silent once is not asked again: a night is not slowed down by the same one over and over.
    """

    def __init__(self, deadline_s: float = DEADLINE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._deadline_s = deadline_s
        self._clock = clock
        self._silent: set[str] = set()

    def properties(self, service: str, path: str, interface: str) -> dict[str, Any]:
        """All of an object's properties. Raises Absent, Silent."""
        if service in self._silent:
            raise Silent(service)
        try:
            return self._asked(service, path, interface)
        except Silent:
            self._silent.add(service)
            raise

    def _asked(self, service: str, path: str, interface: str) -> dict[str, Any]:
        try:
            from jeepney import DBusAddress, DBusErrorResponse, new_method_call
            from jeepney.wrappers import unwrap_msg
        except ModuleNotFoundError as error:  # nobody is here to ask; `doctor` says so
            raise Absent(service) from error

        message = new_method_call(DBusAddress(path, service, PROPERTIES), "GetAll", "s", (interface,))
        message.header.flags |= NO_AUTO_START
        try:
            with _connected(self._deadline_s, self._clock) as connection:
                (found,) = unwrap_msg(connection.send_and_get_reply(message))
                return {name: value for name, (_, value) in found.items()}
        except DBusErrorResponse as error:
            if error.name in _NOBODY:
                raise Absent(service) from error
            raise Silent(service) from error
        except (
            FileNotFoundError,
            NotADirectoryError,
            ConnectionRefusedError,
        ) as error:  # no socket, or one that a dead bus left behind
            raise Absent(service) from error
        except Exception as error:  # TimeoutError, PermissionError; jeepney has many for what it cannot read
            raise Silent(service) from error


_NOBODY = {
    f"org.freedesktop.DBus.Error.{name}"
    for name in ("ServiceUnknown", "NameHasNoOwner", "UnknownObject", "UnknownInterface", "UnknownMethod")
}


def _connected(deadline_s: float, clock: Callable[[], float]) -> Any:
    """A connection to the system's bus that is of no use after its deadline, its first hello included."""
    from jeepney.bus import get_bus
    from jeepney.io.blocking import DBusConnection, prep_socket

    end = clock() + deadline_s

    class Impatient(DBusConnection):  # type: ignore[misc]
        def receive(self, *, timeout: float | None = None) -> Any:
            left = end - clock()
            if left <= 0:  # jeepney takes what has come, also too late: a bus that talks all the time would hold us
                raise TimeoutError
            return super().receive(timeout=left)

    try:
        address = get_bus("SYSTEM")
    except (RuntimeError, ValueError, KeyError, StopIteration) as error:  # a variable that names no bus of this machine
        raise FileNotFoundError from error
    socket = prep_socket(address, timeout=deadline_s)
    try:
        socket.settimeout(max(0.001, end - clock()))  # for what is sent
        return Impatient(socket)
    except BaseException:
        socket.close()
        raise
