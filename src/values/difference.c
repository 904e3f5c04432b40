/* SPDX-License-Identifier: MIT
 *
 * difference - see difference.h.
 */
#include "values/difference.h"

#include <stdbool.h>
#include <string.h>

#include "base/digits.h"
#include "base/excerpt.h"

/* A value, and, without its last member, the payload of a result. */
struct difference {
    uint64_t sums[2]; /* old and new, modulo 2^64 */
    uint64_t past;    /* bit i: sums[i] is past that. In whatever order values are combined, one of
                       * the additions overflows then, and else none does */
};
_Static_assert(sizeof(struct difference) == DIFFERENCE_WORDS * sizeof(uint64_t), "its words");
_Static_assert(DIFFERENCE_ROOM >= 3 * DIGITS_MOST + 2, "three numbers");

#define PAYLOAD offsetof(struct difference, past)

void difference_combine(void *context, void *into, const void *from)
{
    struct difference *all = into;
    const struct difference *more = from;

    (void)context;
    all->past |= more->past;
    for (unsigned i = 0; i < 2; i++)
        if (__builtin_add_overflow(all->sums[i], more->sums[i], &all->sums[i]))
            all->past |= (uint64_t)1 << i;
}

static int fail(const void *key, size_t key_size, const struct difference *value,
                struct mr_error *error)
{
    char excerpt[EXCERPT_ROOM];

    excerpt_write(key, key_size, excerpt);
    if (value->past == 0)
        return mr_fail(error, 0, "the difference of '%s' goes past %jd", excerpt,
                       (intmax_t)INT64_MAX);
    return mr_fail(error, 0, "the %s count of '%s' goes past %ju",
                   (value->past & 1) != 0 ? "old" : "new", excerpt, (uintmax_t)UINT64_MAX);
}

/* How far two sums are from each other. */
static uint64_t distance(const uint64_t sums[2])
{
    return sums[0] > sums[1] ? sums[0] - sums[1] : sums[1] - sums[0];
}

int difference_reduce(void *context, void *state, const void *key, size_t key_size,
                      struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct difference *value = mr_values_next(values, NULL);

    (void)context;
    (void)state;
    if (value == NULL)
        return -1;
    const uint64_t size = distance(value->sums);
    if (value->past != 0 || size > INT64_MAX)
        return fail(key, key_size, value, error);
    if (size == 0)
        return 0;
    return mr_put(results, key, key_size, size, value->sums, PAYLOAD) == MR_OK ? 0 : -1;
}

static unsigned char *put_number(unsigned char *out, uint64_t number)
{
    return digits_put(out, number, digits_width(number));
}

size_t difference_record(const void *context, const struct mr_record *record, struct mr_bytes *key,
                         unsigned char *texts)
{
    unsigned char *out = texts;
    uint64_t sums[2];

    (void)context;
    memcpy(sums, record->payload, PAYLOAD);
    *key = (struct mr_bytes){record->key, record->key_size};
    out = put_number(out, sums[0]);
    *out++ = '\t';
    out = put_number(out, sums[1]);
    *out++ = '\t';
    if (sums[0] > sums[1])
        *out++ = '-';
    out = put_number(out, distance(sums));
    return (size_t)(out - texts);
}
