import multiprocessing

import pytest

from origin.request_id import known_or_new


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
    forking = multiprocessing.get_context("fork")
    queue = forking.Queue()
    for _ in range(2):
        forking.Process(target=lambda: queue.put(known_or_new(None))).start()
    assert len({queue.get(timeout=60), queue.get(timeout=60), known_or_new(None)}) == 3
