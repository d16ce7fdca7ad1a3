# SPDX-License-Identifier: Apache-2.0
"""A reader of HdrHistogram logs (format 1.3, histograms V2), written from HdrHistogram_spec, sharing nothing with ours."""
import base64
import collections
import struct
import zlib

COOKIE = 0x1c849303 | 0x10
COMPRESSED_COOKIE = 0x1c849304 | 0x10

Line = collections.namedtuple("Line", "tag start_s length_s max_ms counts")


def counts_of(field):
    """The last field of a line as {index of a bucket: count}."""
    packed = base64.b64decode(field, validate=True)
    cookie, length = struct.unpack_from(">ii", packed)
    assert cookie == COMPRESSED_COOKIE and length == len(packed) - 8
    plain = zlib.decompress(packed[8:])
    cookie, length, offset, digits, lowest, _, ratio = struct.unpack_from(">iiiiqqd", plain)
    assert (cookie, offset, digits, lowest, ratio) == (COOKIE, 0, 3, 1, 1.0)
    rest = plain[40:]
    assert len(rest) == length
    counts, index, at = {}, 0, 0
    while at < len(rest):
        raw = shift = 0
        while True:
            byte = rest[at]
            at += 1
            if shift == 56:  # The ninth byte has eight bits.
                raw |= byte << 56
                break
            raw |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        count = (raw >> 1) ^ -(raw & 1)
        if count < 0:
            index -= count
        else:
            if count:
                counts[index] = count
            index += 1
    return counts


def value_of(index):
    """The lowest value in a bucket, for three digits."""
    shift = max((index >> 10) - 1, 0)
    return (index - shift * 1024) << shift


def read(text):
    lines = []
    for line in text.splitlines():
        if line.startswith(("#", '"StartTimestamp"')):
            continue
        tag, start_s, length_s, max_ms, field = line.split(",")
        assert tag.startswith("Tag=")
        lines.append(Line(tag[4:], float(start_s), float(length_s), float(max_ms), counts_of(field)))
    return lines


def sums(lines):
    """{tag: {index: count}} of all lines together."""
    whole = collections.defaultdict(collections.Counter)
    for line in lines:
        whole[line.tag].update(line.counts)
    return whole
