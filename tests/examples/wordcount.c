/* SPDX-License-Identifier: MIT
 *
 * wordcount - how often each word occurs in FILEs: "the 3", the most frequent first.
 *
 * The smallest job: map emits keys, the engine adds up ones (no value_size), and the sum is the
 * rank that the output is ordered by. No combine and no reduce are needed.
 */
#include "files.h"

/* Words are found in batches and handed over a batch at a time. */
#define BATCH 512

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)context;
    (void)state;
    struct mr_span spans[BATCH];
    size_t count = 0;
    if (split->size > UINT32_MAX) /* spans are 32 bits; a line this long needs a moving base */
        return mr_fail(error, 0, "a line of 4 GiB");
    for (size_t at = 0; at < split->size;) {
        while (at < split->size && split->data[at] <= ' ')
            at++;
        size_t begin = at;
        while (at < split->size && split->data[at] > ' ')
            at++;
        if (at > begin)
            spans[count++] = (struct mr_span){(uint32_t)begin, (uint32_t)at};
        if (count == BATCH || (count > 0 && at == split->size)) {
            if (mr_emit_batch(emitter, split->data, split->size, spans, count, NULL) != 0)
                return 1;
            count = 0;
        }
    }
    return 0;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)context;
    (void)error; /* run_job looks at the state of stdout */
    for (size_t i = 0; i < count; i++) {
        fwrite(records[i].key, 1, records[i].key_size, stdout);
        printf(" %llu\n", (unsigned long long)records[i].rank);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct files files = {.names = argv + 1, .count = (size_t)argc - 1};
    struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = files_input(&files),
        .map = map,
        .order = MR_ORDER_RANK,
        .collect = collect,
    };
    int status = run_job(&spec);
    files_close(&files);
    return status;
}
