# Frames on a serial port: SPEC.md 9.1, the same vectors as the host's.
import json
from binascii import unhexlify

import devtest
from devtest import equal, raises, true
from wasmote.links.frames import BAD, TEXT, WHOLE, Decoder, Encoder


def lines(name):
    with open(devtest.path(name)) as f:
        for line in f:
            yield json.loads(line)


# The payloads of the good frames in `data`, and what was text.
def decoded(decoder, data):
    payloads, text = [], b""
    for byte in data:
        said = decoder.take(byte)
        if said == WHOLE:
            payloads.append(bytes(decoder.payload()))
        elif said == TEXT:
            text += bytes((byte,))
    return payloads, text


def test_frames_are_these_bytes():
    encoder = Encoder(256)
    decoder = Decoder(128)
    for row in lines("bridge-frames.jsonl"):
        payload = unhexlify(row["payload"])
        frame = encoder.frame(ord(row["kind"]), row["connection"], row["number"], payload)
        equal(bytes(frame), unhexlify(row["frame"]))
        equal(decoded(decoder, frame), ([payload], b""))
        equal(decoder.kind, ord(row["kind"]))
        equal(decoder.connection, row["connection"])
        equal(decoder.number, row["number"])


def test_streams_hold_these_frames():
    decoder = Decoder(128)
    for row in lines("bridge-streams.jsonl"):
        got, _ = decoded(decoder, unhexlify(row["bytes"]))
        equal((row["what"], got), (row["what"], [unhexlify(p) for p in row["payloads"]]))


def test_text_outside_of_frames_is_told():
    frame = bytes(Encoder(8).frame(1, 2, 3, b"x"))
    equal(decoded(Decoder(8), b"a\r" + frame + b"b"), ([b"x"], b"a\rb"))


def test_payload_longer_than_the_decoder_takes():
    frame = bytes(Encoder(20).frame(1, 2, 3, b"y" * 9))
    decoder = Decoder(8)
    true(BAD in [decoder.take(byte) for byte in frame])
    equal(decoded(decoder, Encoder(8).frame(1, 2, 3, b"z")), ([b"z"], b""))


def test_payload_longer_than_the_encoder_takes():
    raises(ValueError, Encoder(8).frame, 1, 2, 3, b"y" * 30)


def test_every_lost_byte_costs_one_frame_only():
    frame = bytes(Encoder(32).frame(0x64, 9, 1, b"\0\1\2 some bytes \3\x1c\x1d\x1e"))
    decoder = Decoder(32)
    for lost in range(len(frame)):
        got, _ = decoded(decoder, frame[:lost] + frame[lost + 1 :] + frame)
        equal((lost, len(got)), (lost, 1))


devtest.run(globals())
