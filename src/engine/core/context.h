/* SPDX-License-Identifier: MIT
 *
 * context - what all floors need to know of one job: what its caller wants, whether it has failed,
 * and its figures.
 *
 * Whoever fails says so here; the floor above all, which knows who waits for what, hears of it by a
 * hook. So nobody below needs to know the schedule.
 */
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H

#include "base/budget.h"
#include "base/hash.h"
#include "base/thread.h"
#include "engine/core/record.h"
#include "engine/core/slots.h"
#include "engine/mapreduce.h"

#include <stdalign.h>

/* Bits of a place that tell pairs of one split apart; those above tell splits. Until results are
 * made of them places are held with all bits inverted: so the first is the greatest, and 0 is none.
 */
#define CONTEXT_PLACE_BITS 36

struct pool;

/* Values up to this size lie in the mappers' tables and are aligned on the stack: larger ones would
 * be copied about with the tables, and lie apart. */
#define CONTEXT_SMALL_VALUE 64

struct context {
    /* Constant while the job runs. */
    struct mr_job_spec spec;
    struct mr_reader reader; /* what its input is made of, */
    struct mr_writer writer; /* and its output */
    bool sums;               /* values are uint64 and added up */
    bool keeps;              /* values are kept, not combined */
    bool first;        /* values are places, the first kept, behind which counts are added up */
    size_t value_size; /* bytes of a value: 8 where it sums, 0 where they are of any size */
    struct record_form form;
    bool adds; /* values are mostly added: the spec has an add_tag */
    /* As of the spec, the guard with all bits where that has none; of a number all but its tag. */
    uint64_t add_tag, add_bits, add_guard;
    const struct hash_seed *seed;
    struct budget *budget;
    uint64_t memory; /* of the budget, by which the job sizes what it holds: less beside others */
    struct pool *pool;
    unsigned worker_count;
    /* The job has failed, perhaps not for the first time. On any thread. */
    void (*failed)(void *owner);
    void *owner;

    /* Read by all workers all the time, written once. */
    alignas(128) _Atomic bool stop;

    /* Figures, added to once a task. */
    alignas(128) _Atomic uint64_t bytes;
    _Atomic uint64_t records;
    _Atomic uint64_t keys;
    _Atomic uint64_t results;
    _Atomic uint64_t splits;
    _Atomic uint64_t grown; /* bytes of text less `bytes`, modulo 2^64 */

    struct thread_mutex fault_lock; /* of error */
    struct mr_error error;          /* the first one */
};

/* Fills in what follows from the caller's description; the rest is the caller's, as are the reader
 * and the writer. Returns 0 or an errno value. */
int context_open(struct context *context, const struct mr_job_spec *spec);
void context_close(struct context *context);

/* Records the first failure and makes the job stop. */
void context_fail(struct context *context, enum mr_status status, int errnum, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
/* The same for a job that has not begun: its input is not told, so that another job may read it. */
void context_fail_unheard(struct context *context, const struct mr_error *error);
/* As context_fail, with the text of a callback's error where it gave one. */
void context_fail_with(struct context *context, enum mr_status status, const struct mr_error *error,
                       const char *otherwise);
void context_no_memory(struct context *context);
/* The first failure's, or MR_OK. */
enum mr_status context_status(struct context *context);
/* The sum of the key has gone past what a uint64 holds. Returns -1. */
int context_overflow(struct context *context, const void *key, size_t size) __attribute__((cold));

/* Whether behind a place there is a count. */
static inline bool context_first_counts(const struct context *context)
{
    return context->first && context->value_size > sizeof(uint64_t);
}

/* Whether the spec's min_rank and max_rank are of that. */
static inline bool context_bounds_counts(const struct context *context)
{
    return context_first_counts(context) && !context->spec.reduce;
}

/* What stands in a record before its value, unless it is 1 (record.h): the number that the value
 * is, or the count that is a part of it. */
static inline uint64_t context_number(const struct context *context, const void *value)
{
    uint64_t number = 1;
    if (context->sums)
        memcpy(&number, value, sizeof number);
    else if (context_first_counts(context))
        memcpy(&number, (const unsigned char *)value + sizeof number, sizeof number);
    return number;
}

static inline bool context_stopped(struct context *context)
{
    return atomic_load_explicit(&context->stop, memory_order_relaxed);
}

/* Calls the caller's combine, for which values are aligned (slots.h): of one that is not there is a
 * copy, made at `copy`. Small values side by side are aligned by turns, where their size is no
 * multiple: the branch would be an unpredictable one, and cost more than the copy. */
static inline void context_combine(const struct context *context, void *into, const void *from,
                                   void *copy)
{
    const bool turns =
        context->value_size <= CONTEXT_SMALL_VALUE && context->value_size % ALIGNED_TO != 0;
    if (turns || (uintptr_t)from % ALIGNED_TO != 0)
        from = memcpy(copy, from, context->value_size);
    context->spec.combine(context->spec.context, into, from);
}

/* Adds a value to another where the spec's add_tag and add_guard let that be done without a call;
 * false where they do not. */
static inline bool context_add(const struct context *context, uint64_t *into, const void *from)
{
    uint64_t number, more;
    memcpy(&number, from, sizeof number);
    memcpy(&more, (const unsigned char *)from + sizeof number, sizeof more);
    if (__builtin_add_overflow(into[1], more, &more) || (more & context->add_guard) != 0 ||
        ((into[0] ^ number) & context->add_tag) != 0 ||
        __builtin_add_overflow(into[0], number & context->add_bits, &number))
        return false;
    into[0] = number;
    into[1] = more;
    return true;
}

#endif
