import asyncio
from collections.abc import Callable

import pytest
from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub

from graph.fanout import Fanout, open_fanout
from graph.rooms import GAP, INBOX_CAPACITY, Inbox

PATIENCE_S = 60.0


async def pubsub_connections(valkey: Valkey, channel: str) -> int:
    ((_, number),) = await valkey.pubsub_numsub(channel)
    return number


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_is_published_after_subscribing_arrives_in_order(fanout: Fanout, valkey: Valkey) -> None:
    async with fanout.subscribe("test:order") as inbox:
        for number in range(10):
            await valkey.publish("test:order", str(number))
        assert [await inbox.next(PATIENCE_S) for _ in range(10)] == [str(n).encode() for n in range(10)]


async def test_a_hundred_subscribers_share_one_connection(fanout: Fanout, valkey: Valkey) -> None:
    channels = [f"test:shared:{number % 10}" for number in range(100)]
    rooms = [fanout.subscribe(channel) for channel in channels]
    inboxes = await asyncio.gather(*(room.__aenter__() for room in rooms))
    assert [await pubsub_connections(valkey, channel) for channel in channels] == [1] * 100
    for number in range(10):
        await valkey.publish(f"test:shared:{number}", str(number))
    received = [await inbox.next(PATIENCE_S) for inbox in inboxes]
    assert received == [channel[-1].encode() for channel in channels]
    await asyncio.gather(*(room.__aexit__(None, None, None) for room in rooms))


async def test_the_last_to_leave_a_room_unsubscribes(fanout: Fanout, valkey: Valkey) -> None:
    async with fanout.subscribe("test:leave"):
        async with fanout.subscribe("test:leave"):
            pass
        assert await pubsub_connections(valkey, "test:leave") == 1
    async with asyncio.timeout(PATIENCE_S):
        while await pubsub_connections(valkey, "test:leave"):
            await asyncio.sleep(0.01)


async def test_lost_connection_is_made_again_and_the_gap_is_told(fanout: Fanout, valkey: Valkey) -> None:
    async with fanout.subscribe("test:lost") as inbox:
        await valkey.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")
        assert await inbox.next(PATIENCE_S) is GAP
        await valkey.publish("test:lost", "after")
        assert await inbox.next(PATIENCE_S) == b"after"
        assert await inbox.next(0.05) is None


async def test_a_room_entered_while_the_connection_is_away_works_afterwards(fanout: Fanout, valkey: Valkey) -> None:
    await valkey.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")
    await eventually(lambda: not fanout.connected)
    async with fanout.subscribe("test:early") as inbox:
        assert await inbox.next(PATIENCE_S) is GAP
        await valkey.publish("test:early", "now")
        assert await inbox.next(PATIENCE_S) == b"now"


async def test_a_room_entered_while_the_connection_is_being_made_works(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that subscribes to all rooms has been sent, and does not name this one."""
    sent, gate = asyncio.Event(), asyncio.Event()
    subscribe = PubSub.subscribe

    async def slow_subscribe(self: PubSub, *channels: str) -> None:
        await subscribe(self, *channels)
        sent.set()
        await gate.wait()

    monkeypatch.setattr(PubSub, "subscribe", slow_subscribe)
    fanout = Fanout(valkey)
    task = asyncio.create_task(fanout.run())
    await sent.wait()
    async with fanout.subscribe("test:between") as inbox:
        gate.set()
        assert await inbox.next(PATIENCE_S) is GAP
        await valkey.publish("test:between", "heard")
        assert await inbox.next(PATIENCE_S) == b"heard"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_without_a_server_subscribing_returns_at_once(free_port: Callable[[], int]) -> None:
    async with Valkey(port=free_port()) as nowhere, open_fanout(nowhere) as fanout:
        async with asyncio.timeout(60):
            async with fanout.subscribe("test:nowhere") as inbox:
                assert not fanout.connected
                assert await inbox.next(0.01) is None


@pytest.mark.parametrize("extra", [0, 1, 100])
async def test_a_full_inbox_forgets_its_oldest(extra: int) -> None:
    inbox = Inbox()
    for number in range(INBOX_CAPACITY + extra):
        inbox.put(str(number).encode())
    kept = [await inbox.next(0.01) for _ in range(INBOX_CAPACITY)]
    assert kept == [str(number).encode() for number in range(extra, INBOX_CAPACITY + extra)]
    assert await inbox.next(0.01) is None


async def test_who_is_cancelled_while_entering_leaves_no_room(fanout: Fanout, monkeypatch: pytest.MonkeyPatch) -> None:
    entering, gate = asyncio.Event(), asyncio.Event()

    async def slow_subscribe(*_: object, **__: object) -> None:
        entering.set()
        await gate.wait()

    monkeypatch.setattr(PubSub, "subscribe", slow_subscribe)
    task = asyncio.create_task(fanout.subscribe("test:cancelled").__aenter__())
    await entering.wait()
    assert list(fanout._rooms) == ["test:cancelled"]
    task.cancel()
    await eventually(lambda: not fanout._rooms)
    gate.set()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_subscribers_cancelled_at_any_step_leave_channel_and_connection_as_they_were(
    fanout: Fanout, valkey: Valkey
) -> None:
    connection = fanout._connection
    async with fanout.subscribe("test:steady") as inbox:
        for steps in range(60):
            task = asyncio.create_task(_stay(fanout, "test:steps"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.wait({task})
            assert task.cancelled()
        async with asyncio.timeout(PATIENCE_S):
            while await pubsub_connections(valkey, "test:steps"):
                await asyncio.sleep(0.01)
        assert fanout._connection is connection
        await valkey.publish("test:steady", "still heard")
        assert await inbox.next(PATIENCE_S) == b"still heard"


async def _stay(fanout: Fanout, channel: str) -> None:
    async with fanout.subscribe(channel):
        await asyncio.Event().wait()


async def test_a_mistake_of_the_library_does_not_make_the_process_deaf(
    fanout: Fanout, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_message, failures = PubSub.get_message, [RuntimeError("a mistake")]

    async def failing_once(self: PubSub, **arguments: float) -> object:
        if failures:
            raise failures.pop()
        return await get_message(self, **arguments)

    async with fanout.subscribe("test:mistake") as inbox:
        monkeypatch.setattr(PubSub, "get_message", failing_once)
        await valkey.publish("test:mistake", "wakes the reader")
        assert await inbox.next(PATIENCE_S) == b"wakes the reader"
        assert await inbox.next(PATIENCE_S) is GAP
        await valkey.publish("test:mistake", "after")
        assert await inbox.next(PATIENCE_S) == b"after"
