import subprocess
import sys

import pytest

from origin.request_id import known_or_new

FORKS = """
import os
from origin.request_id import known_or_new

for _ in range(2):
    if not os.fork():
        os.write(1, known_or_new(None).encode() + b" ")
        os._exit(0)
    os.wait()
os.write(1, known_or_new(None).encode())
"""


@pytest.mark.parametrize("given", ["from-a-cdn", "12345678", "A" * 64, "1-5759e988.bd862e3f_x"])
def test_id_of_the_caller_is_kept(given) -> None:
    assert known_or_new(given) == given


@pytest.mark.parametrize("given", [None, "", "short", "A" * 65, "with blank", 'quote"quote', "line\nline", "ünïcödes"])
def test_anything_else_gets_a_new_one(given) -> None:
    made = known_or_new(given)
    assert made != given
    assert len(made) == 16
    assert int(made, 16) >= 0


def test_workers_do_not_give_the_same_ids() -> None:
    told = subprocess.run([sys.executable, "-c", FORKS], check=True, capture_output=True, timeout=120).stdout
    assert len(set(told.split())) == 3
