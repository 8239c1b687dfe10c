from pathlib import Path
from typing import Any

import pytest

from appliance import prepare
from appliance.embedded import postgres
from appliance.errors import HomeDamaged, ProcessFailed
from appliance.home import Home, open_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_refuses_data_without_the_credentials_that_open_it(home: Home) -> None:
    prepare.make_folders(home)
    (home.s3 / "segue").mkdir()
    home.credentials_file.unlink()
    before = files(home.folder)
    with pytest.raises(HomeDamaged, match=r"credentials\.json is missing"):
        prepare.make_folders(home)
    assert files(home.folder) == before


@pytest.mark.parametrize(
    ("version", "told"),
    [
        pytest.param(None, "not a whole PostgreSQL cluster", id="no version at all"),
        pytest.param("17\n", "was made by PostgreSQL 17, this is 18", id="an older version"),
    ],
)
def test_refuses_a_cluster_that_this_server_cannot_open(home: Home, version: str | None, told: str) -> None:
    prepare.make_folders(home)
    home.postgres.mkdir()
    (home.postgres / "base").mkdir()
    if version is not None:
        (home.postgres / "PG_VERSION").write_text(version)
    with pytest.raises(HomeDamaged, match=told):
        prepare.make_folders(home)


async def test_makes_a_cluster_again_whose_making_was_interrupted(home: Home) -> None:
    held = prepare.make_folders(home)
    home.postgres_aside.mkdir()
    (home.postgres_aside / "half").write_text("made")
    await prepare.make_cluster(home, held, durable=False)
    assert postgres.version_of(home.postgres) == postgres.MAJOR_VERSION
    assert not home.postgres_aside.exists()
    assert not (home.postgres / "half").exists()
    assert not (home.run / "initdb.password").exists()


async def test_leaves_no_half_cluster_when_initdb_fails(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    held = prepare.make_folders(home)
    monkeypatch.setattr(postgres, "binary", lambda _name: "/bin/false")
    with pytest.raises(ProcessFailed, match="initdb ended with status 1"):
        await prepare.make_cluster(home, held)
    assert not home.postgres.exists()
    assert not (home.run / "initdb.password").exists()


async def test_refuses_a_cluster_of_other_credentials(services: Any, tmp_path: Path) -> None:
    """The running server stands for the data; the credentials beside it are replaced."""
    running: Home = services.home
    held = prepare.make_folders(open_home(tmp_path / "other"))
    with pytest.raises(HomeDamaged, match="was made with other credentials"):
        await prepare.make_database(running, held)
