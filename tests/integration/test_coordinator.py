"""A coordinator in a process of its own: enrolment, versions, aggregation, and how it ends."""

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from swipefl.decoder.checkpoint import base_checkpoint, checkpoint_from_bytes
from swipefl.errors import CoordinatorUnreachable, CredentialRefused
from swipefl.federation.coordinator.lending import follow, lend
from swipefl.federation.coordinator.server import SERVICE
from swipefl.federation.coordinator.state import State
from swipefl.federation.update import decode_update, shapes_of
from tests.support.certificates import Certificates, certificates
from tests.support.command import environment, swipefl
from tests.support.coordinator import Coordinator, Device, coordinator
from tests.support.lending import FOLLOWING, Offered, submit
from tests.support.states import SMALL, enrolled
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.terminal import all_of
from tests.support.updates import Held, header_for, parts_of, update
from tests.support.waiting import LONG_S, wait_until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that aggregates every two updates by their plain mean."""
    with coordinator(tmp_path_factory.mktemp("coordinator"), "--buffer", "2", "--optimizer", "fedavg") as serving:
        yield serving


def test_two_updates_make_a_version_that_is_their_mean(running: Coordinator) -> None:
    with running.state() as state:
        start = state.versions.newest()
    blobs = [update(seed) for seed in (1, 2)]
    for blob in blobs:
        header = {"base_version": start.number, "base_fingerprint": start.fingerprint}
        assert running.device().upload(blob, **header).outcome == 1
    running.wait_for_version(start.number + 1)
    with running.state() as state:
        before, after = (checkpoint_from_bytes(state.versions.blob(start.number + n) or b"") for n in (0, 1))
        assert state.versions.all()[-1].updates == 2
        assert state.updates.waiting() == []
    shapes = shapes_of(before.parameters)
    for name, array in after.parameters.items():
        mean = np.mean([decode_update(blob, shapes)[name] for blob in blobs], axis=0)
        np.testing.assert_allclose(array, before.parameters[name] + mean, atol=2e-3)


def test_a_token_enrols_one_device_once(running: Coordinator, tmp_path: Path) -> None:
    token = running.token()
    first = swipefl(tmp_path / "a", "enroll", running.address, "--token", token, "--json")
    assert first.json["address"] == running.address
    second = swipefl(tmp_path / "b", "enroll", running.address, "--token", token)
    assert (second.code, "does not take this token" in second.err) == (2, True)
    again = swipefl(tmp_path / "a", "enroll", running.address, "--token", token)
    assert (again.code, "swipefl leave" in again.err) == (2, True)
    assert (tmp_path / "a" / "swipefl.db").stat().st_mode & 0o077 == 0


def test_a_revoked_token_buys_nothing(running: Coordinator, tmp_path: Path) -> None:
    token = running.token()
    assert swipefl(running.home, "coordinator", "token", "--revoke", token, "--json").json == {"tokens": []}
    done = swipefl(tmp_path, "enroll", running.address, "--token", token)
    assert (done.code, "does not take this token" in done.err) == (2, True)
    assert swipefl(running.home, "coordinator", "token", "--revoke", token).code == 2


def test_a_revoked_device_is_told_and_keeps_its_swipes(running: Coordinator, tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", "-", given=b"".join(GOOD[:3]))
    device = swipefl(tmp_path, "enroll", running.address, "--token", running.token(), "--json").json["device_id"]
    assert swipefl(tmp_path, "sync").code == 0
    assert swipefl(running.home, "coordinator", "devices", "--revoke", device).code == 0
    done = swipefl(tmp_path, "sync")
    assert (done.code, "swipefl leave" in done.err) == (7, True)
    left = {"left": running.address, "told": True, "why": None, "was_node": False}
    assert swipefl(tmp_path, "leave", "--json").json == left
    assert swipefl(tmp_path, "sync").code == 2
    assert swipefl(tmp_path, "status", "--json").json["gestures"]["good"] == 3


def test_published_and_rolled_back_versions_reach_devices_also_after_the_key_was_rotated(
    running: Coordinator, tmp_path: Path
) -> None:
    home, file = tmp_path / "device", tmp_path / "other.safetensors"
    swipefl(home, "enroll", running.address, "--token", running.token())
    swipefl(home, "sync")
    with running.state() as state:
        before = state.versions.newest()
    base = base_checkpoint()
    other = replace(base, weights={name: array * np.float32(0.5) for name, array in base.weights.items()})
    file.write_bytes(other.to_bytes())
    published = swipefl(running.home, "coordinator", "publish", str(file), "--json").json
    assert published["version"] == before.number + 1
    assert swipefl(running.home, "coordinator", "rotate-key").code == 0
    assert swipefl(home, "sync", "--json").json["pulled"]
    assert swipefl(running.home, "coordinator", "rotate-key").code == 0
    assert swipefl(running.home, "coordinator", "rotate-key").code == 0
    back = swipefl(running.home, "coordinator", "rollback", str(before.number), "--json").json
    assert (back["version"], back["fingerprint"]) == (published["version"] + 1, before.fingerprint)
    done = swipefl(home, "sync", "--json").json
    assert (done["pulled"], done["global_version"]) == (True, back["version"])
    assert not swipefl(home, "sync", "--json").json["pulled"]


def test_health_is_served_and_reflection_is_not(running: Coordinator) -> None:
    with grpc.insecure_channel(running.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = health.Check(health_pb2.HealthCheckRequest(service=SERVICE), timeout=LONG_S)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        listed = channel.unary_unary("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            list(health.Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=LONG_S))
        with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            listed(b"", timeout=LONG_S)


def test_metrics_are_served(running: Coordinator) -> None:
    with urllib.request.urlopen(running.metrics_url) as answer:
        text = answer.read().decode()
    assert "swipefl_version" in text
    assert running.metric("swipefl_version") >= 1


def test_who_serves_again_for_itself_is_told_what_was_lent_and_is_dropped(tmp_path: Path) -> None:
    home = tmp_path / "city"
    home.mkdir()
    with State(home / "coordinator.db") as state:
        state.create(SMALL)
        follow(state, FOLLOWING, Offered())
        submit(state, enrolled(state), 0)
        assert lend(state, FOLLOWING, "a", 1, 1.0).updates == 1
    with coordinator(home, init=False):
        pass
    said = (home / "coordinator.log").read_text("utf-8").splitlines()
    assert "1 update went into no version: lent while it followed others', now it does not" in said


def test_its_owner_sees_what_comes_from_flower_and_when_somebody_came_last(tmp_path: Path) -> None:
    home = tmp_path / "city"
    home.mkdir()
    with State(home / "coordinator.db") as state:
        state.create(SMALL)
    (home / "coordinator.toml").write_text('versions_from = "flower"\nleast = 1\nbuffer = 1\n')
    nothing = "versions come from Flower, and none came yet; no SuperNode came yet"
    assert nothing in swipefl(home, "coordinator", "status").out
    with coordinator(home, init=False, SWIPEFL_COORDINATOR_LOG="json") as serving:
        names = [f"swipefl_{name}" for name in ("followed_version", "lent_updates", "node_came_timestamp_seconds")]
        assert [serving.metric(name) for name in names] == [0, 0, 0]
        with serving.state() as state:
            state.node_came()
            follow(state, FOLLOWING, Offered(7))
            assert submit(state, enrolled(state), 0).outcome == "accepted"
            assert lend(state, FOLLOWING, "a", 7, 1.0).updates == 1
            came = state.served_with("node_came_at")
        wait_until(lambda: [serving.metric(name) for name in names] == [7, 1, came])
        begun = next(each for each in map(json.loads, serving.log().splitlines()) if each["event"] == "serving")
    assert begun["versions_from"] == "flower"
    lent = "versions come from Flower: its version 7 was followed last, 1 update lent for the next; "
    shown = swipefl(home, "coordinator", "status", COLUMNS="200").out
    assert f"{lent}a SuperNode came last at 20" in shown


@pytest.mark.parametrize("command", ["publish", "rollback"])
def test_what_an_owner_publishes_where_versions_come_from_flower_is_said_to_be_replaced(
    command: str, tmp_path: Path
) -> None:
    home, file = tmp_path / "city", tmp_path / "half.safetensors"
    file.write_bytes(base_checkpoint().to_bytes(half=True))
    words = ("coordinator", command, {"publish": str(file), "rollback": "1"}[command])
    swipefl(home, "coordinator", "init")
    said, replaced = swipefl(home, *words).err, "the next version from Flower replaces it"
    assert ("version 2" in said, "Flower" in said) == (True, False)
    (home / "coordinator.toml").write_text('versions_from = "flower"\n')
    assert f"{replaced}, as no holdout is set" in swipefl(home, *words).err
    (home / "coordinator.toml").write_text(f'versions_from = "flower"\nholdout = "{EXAMPLE}"\n')
    done = swipefl(home, *words, "--json")
    assert done.json["version"] == 4
    assert f"{replaced} unless it does worse on the holdout" in done.err


def test_a_second_server_of_the_same_state_is_refused(running: Coordinator) -> None:
    done = swipefl(running.home, "coordinator", "serve", "--listen", "127.0.0.1:0")
    assert (done.code, "holds" in done.err) == (8, True)


def test_tls_with_client_certificates(tmp_path: Path) -> None:
    ours, theirs = certificates(tmp_path / "server"), certificates(tmp_path / "devices", "device-1")
    flags = ["--tls-cert", str(ours.certificate), "--tls-key", str(ours.key), "--client-ca", str(theirs.ca)]
    with coordinator(tmp_path / "coordinator", *flags) as serving:
        enroll = ("enroll", serving.address, "--token", serving.token())
        named = {"SWIPEFL_CLIENT_CERTIFICATE": str(theirs.certificate), "SWIPEFL_CLIENT_KEY": str(theirs.key)}
        home = tmp_path / "device"
        assert swipefl(home, *enroll).code == 2  # no TLS: loopback without a --ca
        assert swipefl(home, *enroll, "--ca", str(theirs.ca), **named).code == 2  # another authority
        assert swipefl(home, *enroll, "--ca", str(ours.ca)).code == 2  # no certificate of its own
        assert swipefl(home, *enroll, "--ca", str(ours.ca), **named).code == 0
        assert swipefl(home, "sync", "--json", **named).json["global_version"] == 1


def test_it_listens_elsewhere_only_with_tls(tmp_path: Path) -> None:
    swipefl(tmp_path, "coordinator", "init")
    done = swipefl(tmp_path, "coordinator", "serve", "--listen", "0.0.0.0:0")
    assert (done.code, "--tls-cert" in done.err) == (2, True)


def test_a_candidate_that_is_worse_on_the_holdout_keeps_the_weights(tmp_path: Path) -> None:
    holdout = tmp_path / "holdout.jsonl"
    holdout.write_bytes(b"".join(GOOD[:10]))
    flags = ("--buffer", "1", "--holdout", str(holdout), "--max-norm", "1000")
    with coordinator(tmp_path / "coordinator", *flags) as serving:
        assert serving.device().upload(update(norm=900)).outcome == 1
        serving.wait_for_version(2)
        report = swipefl(serving.home, "coordinator", "status", "--json").json
        first, second = report["versions"]
        assert (second["made_by"], second["fingerprint"]) == ("kept", first["fingerprint"])
        assert serving.metric('swipefl_versions_total{made_by="kept"}') == 1


def test_sigterm_lets_it_end_and_what_was_taken_is_kept(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--buffer", "9") as serving:
        device = serving.device()
        assert device.upload(update()).outcome == 1
        serving.process.terminate()
        assert serving.process.wait(LONG_S) == 0
        with pytest.raises(CoordinatorUnreachable), device.client(deadline_s=1) as client:
            client.check_in(1, "")
        with serving.state() as state:
            assert len(state.updates.waiting()) == 1
    assert json.loads(swipefl(tmp_path, "coordinator", "status", "--json").out)["waiting"] == 1


def test_an_unknown_device_is_refused(running: Coordinator) -> None:
    for authorization in (None, "", "x", "nobody:00", running.device().authorization + "00"):
        with Device(running.address, authorization).client() as client, pytest.raises(CredentialRefused):
            client.check_in(1, "")


def test_a_call_that_runs_at_sigterm_is_answered(tmp_path: Path) -> None:
    with coordinator(tmp_path) as serving, ThreadPoolExecutor() as pool:
        device, blob = serving.device(), update()
        parts = Held(parts_of(header_for(blob), blob))
        upload = pool.submit(device.stream, parts)
        serving.reads(parts)
        serving.process.terminate()
        wait_until(lambda: "draining" in serving.log())
        parts.let_go()
        assert upload.result().outcome == 1
        assert serving.process.wait(LONG_S) == 0
        with serving.state() as state:
            assert state.updates.contributed(device.id, 1)
            assert (state.devices.get(device.id) or device).seen_at > state.versions.newest().created_at


def test_tls_alone_and_reflection_where_it_is_asked_for(tmp_path: Path) -> None:
    ours = certificates(tmp_path / "tls")
    flags = ["--tls-cert", str(ours.certificate), "--tls-key", str(ours.key), "--reflection"]
    with coordinator(tmp_path / "coordinator", *flags) as serving:
        credentials = grpc.ssl_channel_credentials(ours.ca.read_bytes())
        with grpc.secure_channel(serving.address, credentials) as channel:
            assert SERVICE in ProtoReflectionDescriptorDatabase(channel).get_services()
        done = swipefl(
            tmp_path / "d", "enroll", serving.address, "--token", serving.token(), "--ca", str(ours.ca), "--json"
        )
        assert done.code == 0
        places = swipefl(serving.home, "coordinator", "devices", "--json").json["devices"]
        assert [place["id"] for place in places] == [done.json["device_id"]]


def greets(serving: Coordinator, authority: Path, device: Certificates) -> bool:
    """Whether who trusts `authority` alone, and shows a device's certificate, is answered."""
    trusted, key, shown = (path.read_bytes() for path in (authority, device.key, device.certificate))
    credentials = grpc.ssl_channel_credentials(trusted, key, shown)
    with grpc.secure_channel(serving.address, credentials, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        call = health_pb2_grpc.HealthStub(channel).Check.future(health_pb2.HealthCheckRequest(), timeout=LONG_S)
        assert call.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)
        return call.code() == grpc.StatusCode.OK


def test_certificates_that_are_renewed_are_served_without_a_restart(tmp_path: Path) -> None:
    old, new = certificates(tmp_path / "old", days=(-9, 9)), certificates(tmp_path / "new", days=(-1, 90))
    theirs, others = certificates(tmp_path / "theirs", "phone"), certificates(tmp_path / "others", "phone")
    certificate, key, authority = (tmp_path / name for name in ("cert.pem", "key.pem", "devices.pem"))
    for path, source in ((certificate, old.certificate), (key, old.key), (authority, theirs.ca)):
        shutil.copy(source, path)
    flags = ["--tls-cert", str(certificate), "--tls-key", str(key), "--client-ca", str(authority)]
    with coordinator(tmp_path / "coordinator", *flags) as serving:
        assert "certificate expires soon" in serving.log()
        shown = 'swipefl_certificate_expires_timestamp_seconds{certificate="server"}'
        before = serving.metric(shown)
        assert greets(serving, old.ca, theirs)
        shutil.copy(new.certificate, certificate)
        wait_until(lambda: "certificate not renewed" in serving.log())
        assert greets(serving, old.ca, theirs)  # half a pair is none
        shutil.copy(new.key, key)
        wait_until(lambda: greets(serving, new.ca, theirs))
        assert not greets(serving, old.ca, theirs)
        assert serving.metric(shown) > before
        shutil.copy(others.ca, authority)
        wait_until(lambda: greets(serving, new.ca, others))
        assert not greets(serving, new.ca, theirs)


def test_who_looks_sees_when_a_certificate_expires_that_flags_gave(tmp_path: Path) -> None:
    """Also one that was renewed, and none of who served with another, or none."""
    old, new, home = certificates(tmp_path / "old", days=(-9, 40)), certificates(tmp_path / "new"), tmp_path / "home"
    shown = []

    def expires_within(days: float) -> bool:
        shown.append(swipefl(home, "coordinator", "status", "--json").json["certificate_expires_at"])
        return shown[-1] == pytest.approx(time.time() + days * 86_400, abs=600)

    with coordinator(home, "--tls-cert", str(old.certificate), "--tls-key", str(old.key)):
        wait_until(lambda: expires_within(40))
        shutil.copy(new.certificate, old.certificate)
        shutil.copy(new.key, old.key)
        wait_until(lambda: expires_within(2))
    assert expires_within(2)
    with coordinator(home, init=False):
        assert not expires_within(2)
        assert shown[-1] is None


def test_who_runs_it_sees_when_the_certificate_expires(tmp_path: Path) -> None:
    made = certificates(tmp_path / "made", days=(-1, 20))
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    assert swipefl(tmp_path, "coordinator", "status", "--json").json["certificate_expires_at"] is None
    for name, path in (("tls_cert", made.certificate), ("tls_key", made.key)):
        with (tmp_path / "coordinator.toml").open("a") as file:
            file.write(f"{name} = '{path}'\n")
    expires_at = swipefl(tmp_path, "coordinator", "status", "--json").json["certificate_expires_at"]
    assert expires_at == pytest.approx(time.time() + 20 * 86_400, abs=600)
    made.key.unlink()  # which whoever looks need not be able to read
    assert swipefl(tmp_path, "coordinator", "status", "--json").json["certificate_expires_at"] == expires_at
    made.certificate.unlink()
    assert swipefl(tmp_path, "coordinator", "status", "--json").json["certificate_expires_at"] is None


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ("--rule mode", 2),
        ("--listen nowhere", 2),
        ("--metrics nowhere", 2),
        ("--metrics 127.0.0.1:70000", 2),
        ("--metrics 127.0.0.1:\u00b2", 2),
        ("--metrics 192.0.2.1:9464", 2),
        ("--listen 127.0.0.1:73979", 2),
        ("--listen 127.0.0.1:844\u00b2 --tls-cert pyproject.toml --tls-key pyproject.toml", 2),
        ("--listen localhost:-1 --insecure", 2),
        ("--tls-cert pyproject.toml", 2),
        ("--tls-cert pyproject.toml --tls-key pyproject.toml", 2),
        ("--holdout nowhere.jsonl", 3),
        ("--buffer 0", 2),
    ],
)
def test_flags_that_cannot_be_are_told(tmp_path: Path, flags: str, code: int) -> None:
    with State(tmp_path / "coordinator.db") as state:
        state.create(base_checkpoint())
    done = swipefl(tmp_path, "coordinator", "serve", "--listen", "127.0.0.1:0", *flags.split())
    assert (done.code, "Traceback" in done.err, "a bug" in done.err) == (code, False, False), done.err


def test_without_a_coordinator_no_command_makes_one(tmp_path: Path) -> None:
    for command in ("serve", "status"):
        done = swipefl(tmp_path, "coordinator", command)
        assert (done.code, "coordinator init" in done.err) == (2, True)
    assert not (tmp_path / "coordinator.db").exists()
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    assert swipefl(tmp_path, "coordinator", "init").code == 2
    assert swipefl(tmp_path, "coordinator", "rollback", "7").code == 2
    (tmp_path / "bad").write_bytes(b"no checkpoint")
    assert swipefl(tmp_path, "coordinator", "publish", str(tmp_path / "bad")).code == 4


def test_the_coordinator_never_loads_torch(tmp_path: Path) -> None:
    code = "import sys, swipefl.federation.coordinator.server, swipefl.federation.coordinator.holdout, swipefl.cli.app;"
    done = subprocess.run(
        [sys.executable, "-c", code + "assert 'torch' not in sys.modules"], env=environment(tmp_path), check=False
    )
    assert done.returncode == 0


def test_data_and_log_stay_apart_on_a_terminal_too(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    ours, theirs = pty.openpty()  # standard error is a terminal, standard output is not
    command = [sys.executable, "-m", "swipefl", "coordinator", "serve", "--json", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=theirs) as process:
        assert process.stdout
        assert list(json.loads(process.stdout.readline())) == ["listening"]
        process.terminate()
        assert process.stdout.read() == b""
        assert process.wait(LONG_S) == 0
    os.close(theirs)
    assert "event='stopped'" in all_of(ours)


def test_what_waits_of_a_device_that_is_revoked_goes_into_no_version(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--buffer", "2") as serving:
        bad, good, other = (serving.device() for _ in range(3))
        assert bad.upload(update(1)).outcome == 1
        assert swipefl(tmp_path, "coordinator", "devices", "--revoke", bad.id).code == 0
        assert good.upload(update(2)).outcome == 1
        assert other.upload(update(3)).outcome == 1
        serving.wait_for_version(2)
        with serving.state() as state:
            assert (state.versions.newest().updates, state.updates.waiting()) == (2, [])


def test_a_global_model_that_is_damaged_here_is_fetched_again(running: Coordinator, tmp_path: Path) -> None:
    home, file = tmp_path / "device", tmp_path / "other.safetensors"
    base = base_checkpoint()
    other = replace(base, weights={name: array * np.float32(0.75) for name, array in base.weights.items()})
    file.write_bytes(other.to_bytes())
    assert swipefl(running.home, "coordinator", "publish", str(file)).code == 0
    swipefl(home, "enroll", running.address, "--token", running.token())
    assert swipefl(home, "sync", "--json").json["pulled"]
    with closing(sqlite3.connect(home / "swipefl.db")) as conn:
        conn.execute("UPDATE checkpoints SET blob = x'00' WHERE kind = 'global'")
        conn.commit()
    assert swipefl(home, "predict", "-", "--model", "global", given=EXAMPLE.read_bytes().splitlines()[0]).code == 4
    assert swipefl(home, "sync", "--json").json["pulled"]
    assert swipefl(home, "predict", "-", "--model", "global", given=EXAMPLE.read_bytes().splitlines()[0]).code == 0
