import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import preflight
from appliance.errors import HomeDamaged, HomeInUse, NoRoom, PortInUse
from appliance.home import open_home
from config.errors import InvalidSetting

PORTS = ("SEGUE_GRAPH_PORT", "SEGUE_ORIGIN_PORT", "SEGUE_S3_PORT", "SEGUE_VALKEY_PORT")


@pytest.fixture
def ports(free_port: Callable[[], int]) -> dict[str, str]:
    return {name: str(free_port()) for name in PORTS}


@pytest.mark.parametrize("variable", PORTS)
def test_port_in_use_is_told_with_the_variable_that_moves_it(ports: dict[str, str], variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(ports[variable])))
        taken.listen()
        with pytest.raises(PortInUse, match=rf"^port {ports[variable]}, .* in use .* set {variable} to a free port$"):
            preflight.check_ports(preflight.listeners(ports))


def test_free_ports_stay_free(ports: dict[str, str]) -> None:
    preflight.check_ports(preflight.listeners(ports))
    preflight.check_ports(preflight.listeners(ports))


def test_port_of_a_service_that_runs_elsewhere_is_not_needed(ports: dict[str, str]) -> None:
    elsewhere = {**ports, "SEGUE_S3_ENDPOINT": "https://s3.example.com"}
    assert [listener.variable for listener in preflight.listeners(elsewhere)] == [
        "SEGUE_GRAPH_PORT",
        "SEGUE_ORIGIN_PORT",
        "SEGUE_VALKEY_PORT",
    ]


def test_two_variables_may_not_name_one_port(ports: dict[str, str]) -> None:
    same = {**ports, "SEGUE_ORIGIN_PORT": ports["SEGUE_GRAPH_PORT"]}
    with pytest.raises(InvalidSetting, match=r"SEGUE_ORIGIN_PORT: .* the port of graph too"):
        preflight.listeners(same)


def test_address_of_another_machine_is_told_as_such(ports: dict[str, str]) -> None:
    foreign = {**ports, "SEGUE_GRAPH_HOST": "192.0.2.1"}  # RFC 5737: nobody's
    with pytest.raises(InvalidSetting, match=r"SEGUE_GRAPH_HOST: .*this machine has not"):
        preflight.check_ports(preflight.listeners(foreign))


def test_nearly_full_disk_is_told_with_the_figures(tmp_path: Path) -> None:
    with pytest.raises(NoRoom, match="has 12 MiB free, and 1024 MiB are needed"):
        preflight.check_room(tmp_path, measure=lambda _folder: 12 * 1024**2)


def test_room_is_measured_where_the_folder_will_be(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert preflight.free_bytes(tmp_path / "not" / "made" / "yet") == pytest.approx(free, rel=0.05)
    preflight.check_room(tmp_path, measure=lambda _folder: preflight.ROOM_BYTES)


def test_home_is_for_one_at_a_time(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with (
        preflight.locked(home),
        pytest.raises(HomeInUse, match="another `segue up` is running"),
        preflight.locked(home),
    ):
        pass
    with preflight.locked(home):
        pass


def test_file_as_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(HomeDamaged, match="is a file; choose a folder by --home"),
        preflight.locked(open_home(tmp_path / "file")),
    ):
        pass


def test_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(HomeDamaged, match="cannot be used as a home folder"),
        preflight.locked(open_home(tmp_path / "file" / "home")),
    ):
        pass
