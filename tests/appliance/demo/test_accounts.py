from pathlib import Path

import pytest

from appliance.demo.accounts import kept_or_made, make
from appliance.errors import HomeDamaged


def test_passwords_are_drawn_once_and_kept_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "demo" / "accounts.json"

    first, second = kept_or_made(file), kept_or_made(file)

    assert first == second
    assert file.stat().st_mode & 0o777 == 0o600


def test_every_home_has_its_own_passwords() -> None:
    passwords = [account.password for _ in range(2) for account in make()]

    assert len(set(passwords)) == 6
    assert min(map(len, passwords)) >= 16


def test_a_password_hides_in_repr() -> None:
    accounts = make()

    assert not any(account.password in repr(accounts) for account in accounts)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text("{")

    with pytest.raises(HomeDamaged, match=r"accounts\.json is not readable; remove it"):
        kept_or_made(file)
