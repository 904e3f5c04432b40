/* SPDX-License-Identifier: MIT
 *
 * fuzz_engine - any row of calls of the library. Each byte is a call; jobs count the keys that the
 * byte behind it asks for, by sums or by values of some words that are combined or kept, and must
 * have counted them right where they are done.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mapreduce.h"

#define JOBS 4
/* Words of a value: the first counts, the others say whose it is. */
#define WORDS 10

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct load {
    struct mr_job *job;
    atomic_uint handed;
    unsigned splits, keys, words; /* `words` 0: sums */
    bool fails;
    uint64_t sum;
};

static unsigned char nothing[1 + MR_PAD];

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct load *load = context;
    (void)error;
    split->end = atomic_fetch_add(&load->handed, 1) >= load->splits;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 1};
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    const struct load *load = context;
    (void)state;
    (void)error;
    (void)split;
    for (unsigned i = 0; i < load->keys; i++) {
        /* Keys of one to four bytes that are alike in these are one key. */
        const size_t key = i % (sizeof i + 1);
        const uint64_t whose = i & (key >= sizeof i ? ~0u : (1u << 8 * key) - 1);
        uint64_t value[WORDS] = {1};
        for (unsigned word = 1; word < WORDS; word++)
            value[word] = (whose + 1) * key << 7 * word;
        if (mr_emit(emitter, &i, key, load->words > 0 ? value : NULL) != 0)
            return 1;
    }
    return load->fails;
}

static void combine(void *context, void *into, const void *from)
{
    const struct load *load = context;
    uint64_t *one = into;
    const uint64_t *other = from;
    if (memcmp(one + 1, other + 1, (load->words - 1) * sizeof *one) != 0)
        abort();
    one[0] += other[0];
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct load *load = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = records[i].rank;
        if (load->words > 0) {
            if (records[i].payload_size != load->words * sizeof number)
                abort();
            memcpy(&number, records[i].payload, sizeof number);
        }
        load->sum += number;
    }
    return 0;
}

static void end(struct load *load, enum mr_status status)
{
    if (status == MR_OK && (load->fails || load->sum != (uint64_t)load->splits * load->keys))
        abort();
    if (status != MR_OK && status != MR_CANCELLED && !load->fails)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const unsigned threads = size > 0 ? 1 + data[0] % 3u : 1;
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = 1};
    struct load loads[JOBS] = {0};
    struct mr_engine *engine;
    struct mr_progress figures = {.struct_size = sizeof figures};
    if (mr_engine_open(&options, &engine, NULL) != MR_OK)
        abort();
    for (size_t i = 1; i + 1 < size && i < 64; i += 2) {
        struct load *load = &loads[data[i] % JOBS];
        unsigned what = data[i] / JOBS % 8;
        const bool begins = !load->job && what < 5;
        if (begins)
            load->words = data[i + 1] / 8 % (WORDS + 1);
        const struct mr_reader reader = {
            .struct_size = sizeof reader, .context = load, .size = MR_UNKNOWN, .next = next};
        const struct mr_job_spec spec = {
            .struct_size = sizeof spec,
            .context = load,
            .input = begins ? mr_input_new(&reader) : NULL,
            .map = map,
            .values = load->words == 0  ? MR_SUM
                      : data[i + 1] & 4 ? MR_GROUP
                                        : MR_COMBINE,
            .value_size = load->words * sizeof(uint64_t),
            .combine = load->words > 0 && !(data[i + 1] & 4) ? combine : NULL,
            .collect = collect,
            .limit = data[i] >> 7 ? 2000 : 0,
            .order = (enum mr_order)(data[i + 1] % 3),
            .small = data[i + 1] & 1,
        };
        if (begins) {
            atomic_store(&load->handed, 0);
            load->sum = 0;
            load->splits = data[i + 1] % 5;
            load->keys = data[i + 1];
            load->fails = data[i + 1] % 7 == 0 && load->splits > 0;
            if (what == 4)
                end(load, mr_run(engine, &spec, NULL, NULL));
            else if (mr_submit(engine, &spec, &load->job, NULL) != MR_OK)
                abort();
        } else if (!load->job) {
            continue;
        } else if (what == 0) {
            mr_job_poll(load->job, &figures);
        } else if (what == 1) {
            mr_job_wait(load->job, data[i + 1] % 2, NULL, NULL);
        } else if (what == 2) {
            mr_job_cancel(load->job);
        } else if (what < 6) {
            end(load, mr_job_wait(load->job, -1, NULL, NULL));
        } else {
            mr_job_release(load->job);
            load->job = NULL;
        }
    }
    for (int i = 0; i < JOBS; i++)
        mr_job_release(loads[i].job);
    mr_engine_close(engine);
    return 0;
}
