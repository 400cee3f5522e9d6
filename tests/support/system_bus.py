"""A system bus of one's own, and services on it that say what a test wants, or nothing at all."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from swipefl.operations.conditions.network import MANAGER
from swipefl.operations.conditions.power import UPOWER

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy>
</busconfig>"""

Properties = Mapping[str, Mapping[str, tuple[str, Any]]]
"""By interface: each property with its signature and value."""


@contextmanager
def system_bus(folder: Path) -> Iterator[str]:
    """A bus in `folder`; gives its address."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("no dbus-daemon here")
    (folder / "bus.conf").write_text(CONFIG.format(path=folder / "bus"))
    command = [daemon, f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def service(address: str, name: str, properties: Properties | None) -> Iterator[None]:
    """Somebody of that name on the bus: answers with `properties`, and never with None of them."""
    with open_dbus_connection(address) as connection:
        connection.send_and_get_reply(message_bus.RequestName(name), timeout=10)

        def answer() -> None:
            while True:
                try:
                    asked = connection.receive()
                except (OSError, ValueError, KeyError):  # closed
                    return
                if asked.header.message_type is not MessageType.method_call or properties is None:
                    continue
                if asked.header.fields.get(HeaderFields.member) != "GetAll" or asked.body[0] not in properties:
                    connection.send(new_error(asked, "org.freedesktop.DBus.Error.UnknownInterface"))
                    continue
                connection.send(new_method_return(asked, "a{sv}", (properties[asked.body[0]],)))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield
        finally:
            connection.sock.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def upower(on_battery: bool, percent: float | None) -> Properties:
    """What UPower says of a device."""
    whole = {"IsPresent": ("b", percent is not None), "Percentage": ("d", percent or 0.0)}
    return {UPOWER: {"OnBattery": ("b", on_battery)}, f"{UPOWER}.Device": whole}


def manager(metered: int) -> Properties:
    """What NetworkManager says of a network."""
    return {MANAGER: {"Metered": ("u", metered)}}


@contextmanager
def world(folder: Path, power: Properties | None = None, network: Properties | None = None) -> Iterator[str]:
    """A bus with both services, as far as they are there; gives its address, which this process has as its own, too."""
    with ExitStack() as stack:
        address = stack.enter_context(system_bus(folder))
        for name, properties in ((UPOWER, power), (MANAGER, network)):
            if properties is not None:
                stack.enter_context(service(address, name, properties))
        before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
        try:
            yield address
        finally:
            os.environ.pop("DBUS_SYSTEM_BUS_ADDRESS")
            if before is not None:
                os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before
