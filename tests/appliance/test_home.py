from pathlib import Path

import pytest
from msgspec import structs

from appliance import credentials, ports, prepare
from appliance.errors import HomeDamaged
from appliance.home import SOCKET_FOLDER_MAX_BYTES, Home, embedded, home_environment, open_home, resolve
from config.errors import InvalidSetting
from config.settings import graph_settings, ingest_settings, origin_settings, s3_settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    prepare.make_folders(made)
    return made


def test_nothing_follows_from_a_home_that_was_not_made(tmp_path: Path) -> None:
    assert home_environment(open_home(tmp_path / "none"), {}) == {}
    assert not (tmp_path / "none").exists()


def test_settings_of_every_process_follow_from_the_home(home: Home) -> None:
    resolved = resolve(home, {})
    assert graph_settings(resolved).media.origin_url == "http://127.0.0.1:8080"
    assert origin_settings(resolved).edge_keys == graph_settings(resolved).media.edge_keys
    assert ingest_settings(resolved).scratch == str(home.scratch)


def test_ports_move_the_addresses(home: Home) -> None:
    resolved = resolve(home, {"SEGUE_VALKEY_PORT": "7001", "SEGUE_S3_PORT": "7002"})
    assert resolved["SEGUE_VALKEY_URL"].endswith("@127.0.0.1:7001/0")
    assert resolved["SEGUE_S3_ENDPOINT"] == "http://127.0.0.1:7002"


def test_ports_of_the_running_appliance_need_not_be_repeated(home: Home) -> None:
    ports.note(home.ports_file, {"SEGUE_GRAPH_PORT": "7003", "SEGUE_S3_PORT": "7002", "SEGUE_AAC_CODER": "fast"})
    resolved = resolve(home, {"SEGUE_GRAPH_PORT": "7004"})
    assert resolved["SEGUE_GRAPH_PORT"] == "7004"
    assert resolved["SEGUE_S3_ENDPOINT"] == "http://127.0.0.1:7002"
    assert "SEGUE_AAC_CODER" not in resolved


@pytest.mark.parametrize("left", [b"", b'{"SEGUE_GRAPH', b"[1]"], ids=["nothing", "half", "another shape"])
def test_ports_that_a_crash_cut_off_are_passed_over(home: Home, left: bytes) -> None:
    home.ports_file.write_bytes(left)
    assert "SEGUE_GRAPH_PORT" not in resolve(home, {})


def test_earlier_ports_are_not_taken_for_those_of_a_new_start(home: Home) -> None:
    ports.note(home.ports_file, {"SEGUE_S3_PORT": "7002"})
    ports.note(home.ports_file, {})
    assert resolve(home, {})["SEGUE_S3_ENDPOINT"] == "http://127.0.0.1:9000"


def test_what_the_operator_sets_wins(home: Home) -> None:
    variables = {"SEGUE_POSTGRES_URL": "postgresql://db.internal/segue", "SEGUE_SCRATCH": "/fast"}
    resolved = resolve(home, variables)
    assert {name: resolved[name] for name in variables} == variables
    assert embedded(variables) == {"valkey", "s3"}


def test_empty_variable_counts_as_not_set(home: Home) -> None:
    assert embedded({"SEGUE_VALKEY_URL": " "}) == {"postgres", "valkey", "s3"}
    assert resolve(home, {"SEGUE_VALKEY_URL": " "})["SEGUE_VALKEY_URL"].startswith("valkey://")


def test_forgotten_key_of_another_store_is_named_not_replaced(home: Home) -> None:
    resolved = resolve(home, {"SEGUE_S3_ENDPOINT": "https://s3.example.com"})
    with pytest.raises(InvalidSetting, match="SEGUE_S3_ACCESS_KEY: is required"):
        s3_settings(resolved)


def test_credentials_are_the_owners_alone(home: Home) -> None:
    assert home.credentials_file.stat().st_mode & 0o777 == 0o600
    assert home.folder.stat().st_mode & 0o777 == 0o700


def test_credentials_stay_the_same(home: Home) -> None:
    before = home.credentials_file.read_bytes()
    prepare.make_folders(home)
    assert home.credentials_file.read_bytes() == before


def test_older_home_gets_the_secret_that_it_lacks_and_keeps_the_rest(home: Home) -> None:
    whole = credentials.load(home.credentials_file)
    credentials.store(home.credentials_file, structs.replace(whole, content_key=""))
    mended = prepare.make_folders(home)
    assert mended == credentials.load(home.credentials_file)
    assert len(bytes.fromhex(mended.content_key)) == 32
    assert structs.replace(mended, content_key=whole.content_key) == whole


def test_credentials_of_two_homes_have_nothing_in_common() -> None:
    first, second = credentials.make(), credentials.make()
    assert not {*_values(first)} & {*_values(second)}


def test_credentials_hide_in_repr() -> None:
    assert repr(credentials.make()) == "Credentials(...)"


def test_unreadable_credentials_are_told_in_one_sentence(home: Home) -> None:
    home.credentials_file.write_text("{}")
    with pytest.raises(HomeDamaged, match="put it back from a backup"):
        resolve(home, {})


def test_socket_lies_in_the_home_when_its_path_is_short_enough() -> None:
    assert open_home(Path("/var/lib/segue")).socket_folder == Path("/var/lib/segue/run/postgres")


def test_socket_of_a_deep_home_lies_elsewhere_always_at_the_same_place() -> None:
    deep = Path("/") / "/".join(["folder"] * 20)
    folder = open_home(deep).socket_folder
    assert len(bytes(folder)) <= SOCKET_FOLDER_MAX_BYTES
    assert folder == open_home(deep).socket_folder != open_home(deep / "other").socket_folder


def _values(held: credentials.Credentials) -> list[str]:
    return [getattr(held, name) for name in held.__struct_fields__]
