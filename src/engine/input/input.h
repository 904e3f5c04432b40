/* SPDX-License-Identifier: MIT
 *
 * input - what a job reads, as the caller holds it: who reads it, and how many use it.
 */
#ifndef ENGINE_INPUT_H
#define ENGINE_INPUT_H

#include "base/budget.h"
#include "engine/mapreduce.h"

#include <stdatomic.h>

/* What an input is to know of the engine that reads it. */
struct input_engine {
    unsigned threads;
    uint64_t memory;
    struct budget *budget;      /* who counts what is held of that; may be NULL */
    void *owner;                /* of the budget, which keeps it until `leave` */
    void (*enter)(void *owner); /* may be NULL, as leave */
    void (*leave)(void *owner);
};

struct mr_input {
    /* Not MR_OK: it could not be made, and stands for that, so that a job says so. Then the rest is
     * all zero, nobody frees it, and nothing is changed. */
    enum mr_status status;
    struct mr_reader reader;
    _Atomic unsigned users;
    /* Sizes what it holds by an engine's threads and memory, and fills in the reader's size. Called
     * once, before the first `next`. NULL: nothing is to be done. Returns 0, or -1 with *error
     * filled. */
    int (*begin)(struct mr_input *input, const struct input_engine *engine, struct mr_error *error);
    struct input_engine engine; /* once it has begun: its budget is there until it is released */
    bool begun;
    /* As mr_input_small, once it has begun. NULL: it is not known to be. */
    bool (*small)(struct mr_input *input);
    _Atomic bool taken; /* by a job, for good */
    mr_map *map;        /* where a job brings none; NULL: it must */
};

/* An input that could not be made, for one of these reasons: MR_NOMEM, MR_INVALID. */
struct mr_input *input_failed(enum mr_status reason);
/* Whether it can be read: MR_OK, or why not. */
enum mr_status input_check(const struct mr_input *input, struct mr_error *error);
/* Takes the input for a job; false where it is another's. */
bool input_take(struct mr_input *input);
/* That job has come to nothing, and has not read from it. */
void input_leave(struct mr_input *input);
/* Calls `begin` where that has not been done. Returns MR_OK, or why it failed. */
enum mr_status input_begin(struct mr_input *input, const struct input_engine *engine,
                           struct mr_error *error);

#endif
