/* SPDX-License-Identifier: MIT
 *
 * numbers - jobs for the engine's tests whose right result is known without the engine.
 *
 * The input is `splits` splits of `each` pairs. The n-th pair of all has the key numbers_key of (n
 * * step) mod keys and the value n: so what each key's count, sum and values must be is arithmetic.
 */
#ifndef TESTS_NUMBERS_H
#define TESTS_NUMBERS_H

#include "engine/mapreduce.h"

#include <stdatomic.h>

struct numbers {
    uint64_t splits, each, keys, step;
    size_t key_size; /* 0: of many sizes; else all keys have this one, at least 8 */
    uint64_t next;   /* split to be read next */
    _Atomic uint64_t read, released, mapped; /* splits */
    bool endless;                            /* there is always one more split, whatever `splits` */
    bool holds; /* only splits below `may_map` are mapped: others wait */
    _Atomic uint64_t may_map;
    uint64_t most_ahead; /* how many splits were read and not yet released, at most */
    uint64_t *counts;    /* as collected, by key */
    uint64_t collected;
    char *last_key; /* of the record collected last, to see the order */
    size_t last_size;
    uint64_t last_rank;
    int order;  /* enum mr_order that collect checks, reversed where negative; 0: none */
    bool wrong; /* something collected was not as it must be */
};

/* Fills *spec with the job that counts keys, collecting into `numbers`; it is run once. */
void numbers_job(struct numbers *numbers, struct mr_job_spec *spec);
/* Writes key `number` to `out` (256 bytes); returns its size. */
size_t numbers_key(const struct numbers *numbers, uint64_t number, char *out);
/* The number of a key, or UINT64_MAX. */
uint64_t numbers_of_key(const void *key, size_t size);
/* Checks what was collected, after the job: each key once with its count. Frees and forgets it. */
void numbers_check(struct numbers *numbers);

#endif
