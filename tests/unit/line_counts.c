/* SPDX-License-Identifier: MIT
 *
 * line_counts.c - see line_counts.h.
 */
#include "unit/line_counts.h"

#include <check.h>

#define MIB ((uint64_t)1 << 20)

int line_counts_collect(void *context, const struct mr_record *records, size_t count,
                        struct mr_error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++)
        tally_add(context, records[i].key, records[i].key_size, records[i].rank);
    return 0;
}

struct mr_engine *line_counts_engine(unsigned threads)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = 64 * MIB};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

enum mr_status line_counts_run(struct mr_input *input, unsigned threads, struct tally *got,
                               struct mr_error *error)
{
    struct mr_engine *engine = line_counts_engine(threads);
    struct mr_job_spec spec = {.struct_size = sizeof spec, .context = got, .input = input};
    struct mr_stats stats = {.struct_size = sizeof stats};
    spec.collect = line_counts_collect;
    tally_open(got);
    const enum mr_status status = mr_run(engine, &spec, &stats, error);
    if (status == MR_OK)
        ck_assert_uint_eq(stats.results, got->count);
    mr_engine_close(engine);
    return status;
}

void line_counts_add(struct tally *want, const void *data, size_t size, uint64_t times)
{
    const char *at = data, *const end = at + size;
    while (at < end) {
        const char *stop = at;
        while (stop < end && *stop != '\n')
            stop++;
        tally_add(want, at, (size_t)(stop - at), times);
        at = stop + 1;
    }
}

void line_counts_compare(struct mr_input *input, unsigned threads, struct tally *want)
{
    struct mr_error error = {.status = MR_OK};
    struct tally got;
    ck_assert_ptr_nonnull(input);
    const enum mr_status status = line_counts_run(input, threads, &got, &error);
    ck_assert_msg(status == MR_OK, "%s", error.text);
    tally_compare(&got, want);
    tally_close(&got);
}

void line_counts_check(struct mr_input *input, unsigned threads, const void *data, size_t size)
{
    struct tally want;
    tally_open(&want);
    line_counts_add(&want, data, size, 1);
    line_counts_compare(input, threads, &want);
    tally_close(&want);
}
