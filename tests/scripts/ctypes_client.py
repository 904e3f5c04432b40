#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shared library serves another language: word counts whose map and reduce are functions of
Python, by ctypes alone, which knows neither macros nor inline functions."""
import collections
import ctypes
import os
import sys
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_long,
    c_size_t,
    c_uint,
    c_uint64,
    c_void_p,
    sizeof,
    string_at,
)
from pathlib import Path

SKIP = 77


class Error(Structure):
    _fields_ = [("status", c_int), ("errnum", c_int), ("text", c_char * 256)]


class Record(Structure):
    _fields_ = [
        ("key", c_void_p),
        ("key_size", c_size_t),
        ("rank", c_uint64),
        ("payload", c_void_p),
        ("payload_size", c_size_t),
    ]


class Items(Structure):
    _fields_ = [("items", c_void_p), ("count", c_size_t), ("size", c_size_t)]


class Split(Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t), ("number", c_uint64), ("offset", c_uint64)]


class Progress(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("phase", c_int),
        ("done", c_uint64),
        ("not_done", c_uint64),
        ("bytes", c_uint64),
        ("records", c_uint64),
        ("keys", c_uint64),
        ("spilled", c_uint64),
        ("seconds", c_double),
    ]


MAP_ITEM = CFUNCTYPE(c_int, c_void_p, POINTER(c_char_p), c_void_p, POINTER(Error))
REDUCE_KEY = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p, POINTER(Error))
TELL = CFUNCTYPE(c_int, c_void_p, c_char_p, c_uint64, c_uint64)
MAP = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(Split), c_void_p, POINTER(Error))
REPORT = CFUNCTYPE(c_int, c_void_p, POINTER(Progress))


class JobSpec(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("context", c_void_p),
        ("input", c_void_p),
        ("mapper_open", c_void_p),
        ("map", MAP),
        ("mapper_end", c_void_p),
        ("mapper_close", c_void_p),
        ("values", c_int),
        ("value_size", c_size_t),
        ("combine", c_void_p),
        ("add_tag", c_uint64),
        ("value_order", c_void_p),
        ("reducer_open", c_void_p),
        ("reduce", c_void_p),
        ("reducer_close", c_void_p),
        ("order", c_int),
        ("reverse", c_bool),
        ("limit", c_uint64),
        ("min_rank", c_uint64),
        ("collect", c_void_p),
        ("output", c_void_p),
        ("progress", REPORT),
        ("small", c_bool),
        ("max_rank", c_uint64),
        ("add_guard", c_uint64),
        ("rank", c_void_p),
    ]


def load():
    """The library, with the types of what is called here."""
    library = ctypes.CDLL(Path(os.environ["MRCOUNT_BUILD"], "libmapreduce.so"))
    library.mr_version.restype = c_uint
    library.mr_status_name.restype = c_char_p
    library.mr_emit_bytes.argtypes = [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t]
    library.mr_emit.argtypes = [c_void_p, c_void_p, c_size_t, c_void_p]
    library.mr_values_next.restype = c_void_p
    library.mr_values_next.argtypes = [c_void_p, POINTER(c_size_t)]
    library.mr_put.argtypes = [c_void_p, c_void_p, c_size_t, c_uint64, c_void_p, c_size_t]
    library.mr_fail.argtypes = [POINTER(Error), c_int, c_char_p, c_char_p]
    library.mr_input_files.restype = c_void_p
    library.mr_input_files.argtypes = [POINTER(c_char_p), c_size_t]
    library.mr_output_table.restype = c_void_p
    library.mr_output_table.argtypes = [POINTER(c_void_p)]
    library.mr_map_reduce.argtypes = [
        POINTER(Items), MAP_ITEM, REDUCE_KEY, TELL, c_void_p, POINTER(c_void_p), POINTER(Error)
    ]  # fmt: skip
    library.mr_map_reduce_submit.argtypes = [
        POINTER(Items), MAP_ITEM, REDUCE_KEY, TELL, c_void_p, POINTER(c_void_p), POINTER(c_void_p),
        POINTER(Error),
    ]  # fmt: skip
    library.mr_run.argtypes = [c_void_p, POINTER(JobSpec), c_void_p, POINTER(Error)]
    library.mr_job_wait.argtypes = [c_void_p, c_long, c_void_p, POINTER(Error)]
    library.mr_job_release.argtypes = [c_void_p]
    library.mr_table_count.restype = c_size_t
    library.mr_table_count.argtypes = [c_void_p]
    library.mr_table_record.restype = POINTER(Record)
    library.mr_table_record.argtypes = [c_void_p, c_size_t]
    library.mr_table_find.restype = POINTER(Record)
    library.mr_table_find.argtypes = [c_void_p, c_char_p, c_size_t]
    library.mr_table_release.argtypes = [c_void_p]
    return library


if os.environ.get("MRCOUNT_VARIANT"):
    print("Python does not load a library built with a sanitizer")
    sys.exit(SKIP)
MR = load()
LINES = [line.encode() for line in Path(os.environ["MRCOUNT_SOURCE"], "data/fool.txt").read_text().split("\n")]
WANT = dict(sorted(collections.Counter(b"\n".join(LINES).split()).items()))


@MAP_ITEM
def map_line(_context, item, emitter, _error):
    for word in item[0].split():
        if MR.mr_emit_bytes(emitter, word, len(word), b"1", 1) != 0:
            return -1
    return 0


@REDUCE_KEY
def count(_context, key, key_size, values, results, _error):
    number = 0
    size = c_size_t()
    while value := MR.mr_values_next(values, byref(size)):
        number += int(string_at(value, size.value))
    payload = b"%d" % number
    return MR.mr_put(results, key, key_size, number, payload, len(payload))


@MAP_ITEM
def map_badly(_context, _item, _emitter, error):
    return MR.mr_fail(error, 0, b"%s", b"as Python says")


@MAP
def map_split(_context, _state, split, emitter, _error):
    for word in string_at(split[0].data, split[0].size).split():
        if MR.mr_emit(emitter, word, len(word), None) != 0:
            return -1
    return 0


def take(table, rank):
    """What a table holds, in its order; it is released."""
    counts = {}
    for number in range(MR.mr_table_count(table)):
        record = MR.mr_table_record(table, number)[0]
        payload = string_at(record.payload, record.payload_size)
        counts[string_at(record.key, record.key_size)] = record.rank if rank else int(payload)
    for word, number in counts.items():
        assert MR.mr_table_find(table, word, len(word))[0].rank == number, word
    assert not MR.mr_table_find(table, b"no word", 7)
    MR.mr_table_release(table)
    return counts


def check_map_reduce():
    """The simple layer, blocking, failing, and as a future."""
    lines = (c_char_p * len(LINES))(*LINES)
    items = Items(ctypes.cast(lines, c_void_p), len(LINES), sizeof(c_char_p))
    table, job, error, told = c_void_p(), c_void_p(), Error(), []

    @TELL
    def tell(_context, phase, done, not_done):
        told.append((phase, done, not_done))
        return 0

    status = MR.mr_map_reduce(byref(items), map_line, count, tell, None, byref(table), byref(error))
    assert status == 0, error.text
    assert list(take(table, False).items()) == list(WANT.items())
    assert (b"map", len(LINES), 0) in told, told
    assert told[-1][0] == b"reduce" and told[-1][2] == 0, told

    status = MR.mr_map_reduce(byref(items), map_badly, count, TELL(), None, byref(table), byref(error))
    assert MR.mr_status_name(status) == b"MR_MAP" and error.status == status, status
    assert error.text == b"as Python says" and not table, error.text

    status = MR.mr_map_reduce_submit(
        byref(items), map_line, count, TELL(), None, byref(table), byref(job), byref(error)
    )
    assert status == 0, error.text
    assert MR.mr_job_wait(job, -1, None, byref(error)) == 0, error.text
    MR.mr_job_release(job)
    assert take(table, False) == WANT


def check_job():
    """A job described by its struct, whose map gets splits of a file."""
    name = str(Path(os.environ["MRCOUNT_SOURCE"], "data/fool.txt")).encode()
    names, table, error, bytes_told = (c_char_p * 1)(name), c_void_p(), Error(), []

    @REPORT
    def report(_context, progress):
        bytes_told.append(progress[0].bytes)
        return 0

    spec = JobSpec(
        struct_size=sizeof(JobSpec),
        input=MR.mr_input_files(names, 1),
        map=map_split,
        order=1,
        output=MR.mr_output_table(byref(table)),
        progress=report,
    )
    status = MR.mr_run(None, byref(spec), None, byref(error))
    assert status == 0, error.text
    assert list(take(table, True).items()) == list(WANT.items())
    assert bytes_told[-1] == Path(name.decode()).stat().st_size, bytes_told


def main():
    assert MR.mr_version() >= 1000000
    check_map_reduce()
    check_job()


main()
