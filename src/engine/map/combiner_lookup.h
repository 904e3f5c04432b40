/* SPDX-License-Identifier: MIT
 *
 * combiner_lookup - what the loops over emitted pairs share with the mapper, which owns the table's
 * modes.
 */
#ifndef ENGINE_COMBINER_LOOKUP_H
#define ENGINE_COMBINER_LOOKUP_H

#include "engine/schedule/job.h"

/* Values combined in place are copied about with the table: larger ones go to
 * the partitions at once. */
#define MOST_VALUE 64

enum value_op {
    VALUE_ONE,     /* sums, each value 1 */
    VALUE_SUM,     /* sums of given values */
    VALUE_COMBINE, /* the caller's combine */
};

static const uint64_t emit_one = 1;

/* Brings the pairs that are still on their way to the table. Returns -1 when the job fails. */
int emit_flush(struct mr_emitter *emitter);

/* A row that is not in the table and for which there is no free place. Returns -1 when
 * the job fails, as the two below. */
int emit_miss(struct mr_emitter *emitter, enum key_class key_class, const uint64_t *row,
              const void *value);
/* A key of 32 bytes or more. */
int emit_long(struct mr_emitter *emitter, const unsigned char *key, size_t size, const void *value,
              enum value_op op);
/* Thinks again about a class that has been frozen or bypassed for a while. */
int emit_review(struct mr_emitter *emitter, enum key_class key_class);

/* Writes the value of a pair behind its key; returns the record's end. */
static inline unsigned char *put_value(const struct job *job, unsigned char *at, uint64_t number,
                                       const void *value)
{
    if (job->sums)
        return record_put_more(at, number);
    memcpy(at, value, job->value_size);
    return at + job->value_size;
}

/* The number that is a pair's value, where the job sums; else any. */
static inline uint64_t number_of(const struct job *job, const void *value)
{
    uint64_t number = 1;
    if (job->sums)
        memcpy(&number, value, sizeof number);
    return number;
}

/* Writes a pair whose key is held in words, with its hash of key_grouping_hash, to its partition.
 */
static inline __attribute__((always_inline))
int write_words(struct mr_emitter *emitter, enum key_class key_class, uint64_t hash,
                const uint64_t *words, const void *value)
{
    struct worker *worker = emitter->worker;
    const struct job *job = worker->job;
    const size_t count = table_words(key_class), size = key_words_size(words, count);
    unsigned partition = shuffle_of_hash(&job->pairs, hash);
    unsigned char *at = shuffle_room(
        &worker->pairs, partition, 1 + count * sizeof *words + RECORD_NUMBER_MAX + job->value_size);
    if (!at)
        return -1;
    uint64_t number = number_of(job, value);
    __builtin_prefetch(at + 128, 1);
    at = record_put_head(at, size, number != 1);
    memcpy(at, words, count * sizeof *words);
    shuffle_wrote(&worker->pairs, partition, put_value(job, at + size, number, value));
    return 0;
}

/* Combines a value with a used slot's. Returns -1 when a sum overflows. */
static inline int combine_value(struct job *job, uint64_t *into, const void *value,
                                enum value_op op)
{
    if (op == VALUE_ONE) {
        ++*into;
        return 0;
    }
    if (op == VALUE_SUM) {
        uint64_t more;
        memcpy(&more, value, sizeof more);
        if (__builtin_add_overflow(*into, more, into)) {
            job_fail(job, MR_OVERFLOW, 0, "a count goes past 18446744073709551615");
            return -1;
        }
        return 0;
    }
    alignas(8) unsigned char copy[MOST_VALUE];
    memcpy(copy, value, job->value_size);
    job->spec.combine(job->spec.context, into, copy);
    return 0;
}

#endif
