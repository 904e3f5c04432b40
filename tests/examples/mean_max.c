/* SPDX-License-Identifier: MIT
 *
 * mean_max - of FILEs with lines "KEY NUMBER": each key with the mean and the greatest of its
 * numbers: "/index.html 512.25 9000", ordered by the greatest.
 *
 * A value is a struct of the caller, and combine makes one of two. A mean cannot be folded, but a
 * sum and a count can; reduce divides them at the end.
 */
#include "files.h"

#include <inttypes.h>

struct numbers {
    uint64_t sum;
    uint64_t count;
    uint64_t max;
};

static void combine(void *context, void *into, const void *from)
{
    (void)context;
    struct numbers *a = into;
    const struct numbers *b = from;
    a->sum += b->sum;
    a->count += b->count;
    a->max = a->max > b->max ? a->max : b->max;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)error;
    const unsigned char *at = split->data;
    const unsigned char *end = at + split->size;
    while (at < end) {
        const unsigned char *line = at;
        const unsigned char *newline = memchr(at, '\n', (size_t)(end - at));
        const unsigned char *line_end = newline ? newline : end;
        at = newline ? newline + 1 : end;
        const unsigned char *blank = memchr(line, ' ', (size_t)(line_end - line));
        if (!blank || blank + 1 == line_end || blank[1] < '0' || blank[1] > '9')
            continue; /* no number: the line says nothing */
        uint64_t number = 0;
        for (const unsigned char *p = blank + 1; p < line_end && *p >= '0' && *p <= '9'; p++)
            number = 10 * number + (uint64_t)(*p - '0');
        struct numbers one = {number, 1, number};
        if (mr_emit(emitter, line, (size_t)(blank - line), &one) != 0)
            return 1;
    }
    return 0;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    (void)state;
    (void)context;
    (void)error;
    const struct numbers *all = mr_values_next(values, NULL); /* combined: there is exactly one */
    if (!all)
        return 1;
    char text[96];
    int size = snprintf(text, sizeof text, " %.2f %" PRIu64, (double)all->sum / (double)all->count,
                        all->max);
    return (int)mr_put(results, key, key_size, all->max, text, (size_t)size);
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        printf("%.*s%.*s\n", (int)records[i].key_size, (const char *)records[i].key,
               (int)records[i].payload_size, (const char *)records[i].payload);
    return 0;
}

int main(int argc, char **argv)
{
    struct files files = {.names = argv + 1, .count = (size_t)argc - 1};
    struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = files_input(&files),
        .map = map,
        .values = MR_COMBINE,
        .value_size = sizeof(struct numbers),
        .combine = combine,
        .reduce = reduce,
        .order = MR_ORDER_RANK,
        .collect = collect,
    };
    int status = run_job(&spec);
    files_close(&files);
    return status;
}
