"""The dashboard and the alerts: what they ask is asked rightly, and what they name is there in a real scrape."""

import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.certificates import certificates
from tests.support.command import ROOT, swipefl
from tests.support.coordinator import coordinator

MONITORING = ROOT / "examples" / "monitoring"
RULES = MONITORING / "swipefl-alerts.yml"
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here (Debian's prometheus)")


def queries() -> list[str]:
    """What the panels ask."""
    dashboard = json.loads((MONITORING / "swipefl-dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def alerts() -> list[dict[str, str]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def promtool(*words: str, folder: Path = MONITORING, given: bytes | None = None) -> tuple[int, str]:
    done = subprocess.run(["promtool", *words], cwd=folder, input=given, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture(scope="module")
def scrapes(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What Prometheus gets of a coordinator with TLS that was called, and of a device's night."""
    tmp_path = tmp_path_factory.mktemp("monitoring")
    files, device = certificates(tmp_path / "tls"), tmp_path / "device"
    flags = ("--tls-cert", str(files.certificate), "--tls-key", str(files.key))
    with coordinator(tmp_path / "coordinator", *flags) as serving:
        token = serving.token()
        joined = swipefl(device, "enroll", serving.address, "--ca", str(files.ca), "--yes", SWIPEFL_TOKEN=token)
        assert joined.code == 0, joined.err
        night = swipefl(device, "cycle", "--metrics-file", str(tmp_path / "swipefl.prom"))
        assert night.code == 0, night.err
        with urllib.request.urlopen(serving.metrics_url) as answer:
            return [answer.read(), (tmp_path / "swipefl.prom").read_bytes()]


def test_what_they_name_is_there(scrapes: list[bytes]) -> None:
    there = set()
    for text in scrapes:
        for family in text_string_to_metric_families(text.decode()):
            there |= {family.name, *(f"{family.name}_{part}" for part in ("total", "bucket", "count", "sum"))}
    asked = " ".join([*queries(), *(alert["expr"] for alert in alerts())])
    named = set(re.findall(r"\bswipefl_\w+", asked))
    # Of a night that judged something, which this one did not.
    assert named - there == {
        "swipefl_device_learned_timestamp_seconds",
        "swipefl_device_night_judged_swipes",
        "swipefl_device_night_right_swipes",
    }
    assert len(named) > 25


def test_calls_and_devices_are_counted(scrapes: list[bytes]) -> None:
    said = scrapes[0].decode()
    assert 'swipefl_request_duration_seconds_count{code="OK",method="CheckIn"} 1.0' in said
    assert 'swipefl_devices{state="active"} ' in said
    (left,) = re.findall(r'^swipefl_certificate_left_seconds\{certificate="server"\} (\S+)$', said, re.M)
    assert float(left) > 0


@needs_promtool
def test_the_alerts_are_valid_and_do_what_they_are_for() -> None:
    assert promtool("check", "rules", RULES.name) == (
        0,
        f"Checking {RULES.name}\n  SUCCESS: {len(alerts())} rules found\n\n",
    )
    code, said = promtool("test", "rules", "swipefl-alerts-test.yml")
    assert (code, said) == (0, "Unit Testing:  swipefl-alerts-test.yml\n  SUCCESS\n\n")
    tested = (MONITORING / "swipefl-alerts-test.yml").read_text()
    assert not [alert["alert"] for alert in alerts() if alert["alert"] not in tested]


@needs_promtool
def test_what_the_dashboard_asks_is_valid(tmp_path: Path) -> None:
    rules = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(queries())]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    code, said = promtool("check", "rules", "rules.yml", folder=tmp_path)
    assert (code, f"SUCCESS: {len(rules)} rules found" in said) == (0, True), said


@needs_promtool
def test_promtool_finds_no_fault_with_either_scrape(scrapes: list[bytes]) -> None:
    for text in scrapes:
        assert promtool("check", "metrics", given=text) == (0, "")
