import json
import os
import socket
import struct
import threading
import time

import pytest

from rnnref.grader.sandbox.wire import HEADER_BYTES, Channel, WireClosed, WireError, WireTimeout

FRAME = 1000


@pytest.fixture
def pair():
    """A channel and the raw socket of its other end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours, FRAME)
    yield channel, theirs
    channel.close()
    theirs.close()


def soon():
    return time.monotonic() + 10


def frame(header, *sizes):
    """The beginning of a frame, as a student may write it."""
    return struct.pack(f"!II{len(sizes)}Q", len(header), len(sizes), *sizes) + header


def test_frames_cross_with_their_buffers(pair):
    channel, theirs = pair
    other = Channel(theirs, FRAME)
    header, buffers = {"a": [1.5, "é\ud800", None]}, [b"", b"xyz", bytes(900)]
    other.send(header, buffers)
    other.send({})
    assert channel.receive(deadline=soon()) == (header, buffers)
    assert channel.receive(deadline=soon()) == ({}, [])


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", HEADER_BYTES + 1, 0),
        struct.pack("!II", 2, 2**32 - 1),
        frame(b"{}", 2**63),
        frame(b"{}", FRAME, 1),
        frame(b"[]"),
        frame(b"{"),
        frame(b'{"a":NaN}'),
        frame(b'{"a":' + b"9" * 5000 + b"}"),
        frame(b"\xff\xfe{}"),
        frame(b""),
        frame(b"[" * 1_000_000),
        frame(b'{"a":' * 100_000),
    ],
    ids=str.split(
        "long-header many-buffers lying-size sum-too-large no-object cut-json nan digits no-utf8 "
        "empty deep-list deep-object"
    ),
)
def test_what_is_no_frame_is_an_error(pair, data):
    channel, theirs = pair
    sender = threading.Thread(target=lambda: theirs.sendall(data))
    sender.start()
    with pytest.raises(WireError) as caught:
        channel.receive(deadline=soon())
    assert not issubclass(caught.type, WireClosed | WireTimeout)
    channel.close()
    sender.join()


def test_the_deadline_holds_for_a_frame_sent_a_byte_at_a_time(pair):
    channel, theirs = pair
    stop = threading.Event()

    def drip():
        for byte in frame(b'{"a":1}', 500) + bytes(500):
            if stop.wait(0.01):
                return
            theirs.send(bytes([byte]))

    sender = threading.Thread(target=drip)
    sender.start()
    with pytest.raises(WireTimeout):
        channel.receive(deadline=time.monotonic() + 0.1)
    stop.set()
    sender.join()


def test_the_deadline_holds_when_nobody_reads(pair):
    channel, theirs = pair
    big = Channel(channel._sock.dup(), 2**26)
    with pytest.raises(WireTimeout):
        big.send({}, [bytes(2**25)], deadline=time.monotonic() + 0.1)
    big.forget()


@pytest.mark.parametrize("sent", [b"", frame(b'{"a":1}', 10), b"\x00"])
def test_the_end_of_the_other_side_is_noticed(pair, sent):
    channel, theirs = pair
    theirs.sendall(sent)
    theirs.close()
    with pytest.raises(WireClosed):
        channel.receive(deadline=soon())


def test_too_large_a_frame_is_not_begun(pair):
    channel, theirs = pair
    with pytest.raises(WireError):
        channel.send({}, [bytes(FRAME + 1)])
    with pytest.raises(WireError):
        channel.send({"a": "x" * HEADER_BYTES})
    channel.send({"b": 1})
    assert Channel(theirs, FRAME).receive(deadline=soon()) == ({"b": 1}, [])


def test_what_is_watched_is_served_while_waiting(pair):
    channel, theirs = pair
    read, write = os.pipe()
    os.write(write, b"printed")
    seen = []

    def take():
        seen.append(os.read(read, 100))
        theirs.sendall(frame(json.dumps({"after": True}).encode()))

    assert channel.receive(deadline=soon(), watch={read: take}) == ({"after": True}, [])
    assert seen == [b"printed"]
    os.close(read)
    os.close(write)


def test_descriptors_come_only_where_they_are_taken(pair):
    channel, theirs = pair
    taker = Channel(theirs, FRAME, takes_fds=True)
    with open(os.devnull) as file:
        channel.send({"a": 1}, fds=[file.fileno()], deadline=soon())
        taker.receive(deadline=soon())
        (got,) = taker.fds
        assert os.path.samestat(os.fstat(got), os.fstat(file.fileno()))
        os.close(got)
        before = set(os.listdir("/proc/self/fd"))
        taker.send({"b": 1}, fds=[file.fileno()], deadline=soon())
        assert channel.receive(deadline=soon()) == ({"b": 1}, [])
        assert channel.fds == []
        assert set(os.listdir("/proc/self/fd")) == before
