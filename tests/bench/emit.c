/* SPDX-License-Identifier: MIT
 *
 * emit [PAIRS [ROUNDS]] - what mr_emit costs beside mr_emit_batch with the keys copied into a
 * batch: processor time of whole jobs with one thread, and of their maps alone.
 *
 * A line each for few and for many different keys, without values and with: the median of the
 * rounds, in which the two take turns. Exits with 1 where a job fails or the two count differently.
 */
#include "mapreduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_ROOM 16
#define SPLITS 64
#define BATCH 1024
#define MOST_ROUNDS 101

struct key {
    unsigned char size;
    unsigned char bytes[KEY_ROOM - 1];
};

struct bench {
    struct key *keys;
    size_t count;
    bool batch, values;
    size_t next; /* split */
    double map_seconds;
    uint64_t sum; /* of all ranks: the pairs counted */
    uint64_t results;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    struct bench *bench = context;
    const size_t first = bench->count * bench->next / SPLITS;
    (void)error;
    split->end = bench->next == SPLITS;
    if (split->end)
        return 0;
    const size_t end = bench->count * ++bench->next / SPLITS;
    split->data = (const unsigned char *)(bench->keys + first);
    split->size = split->length = (end - first) * sizeof *bench->keys;
    return 0;
}

static int emit_each(const struct bench *bench, const struct key *keys, size_t count,
                     struct mr_emitter *emitter)
{
    const uint64_t two = 2;
    for (size_t i = 0; i < count; i++)
        if (mr_emit(emitter, keys[i].bytes, keys[i].size, bench->values ? &two : NULL) != 0)
            return -1;
    return 0;
}

static int emit_batches(const struct bench *bench, const struct key *keys, size_t count,
                        struct mr_emitter *emitter)
{
    static _Thread_local unsigned char bytes[BATCH * KEY_ROOM + MR_PAD];
    static _Thread_local struct mr_span spans[BATCH];
    static _Thread_local uint64_t values[BATCH];
    size_t filled = 0, used = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + used, keys[i].bytes, keys[i].size);
        spans[filled].begin = (uint32_t)used;
        spans[filled].end = (uint32_t)(used += keys[i].size);
        values[filled] = 2;
        if (++filled < BATCH && i + 1 < count)
            continue;
        if (mr_emit_batch(emitter, bytes, sizeof bytes, spans, filled,
                          bench->values ? values : NULL) != 0)
            return -1;
        filled = used = 0;
    }
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct bench *bench = context;
    const struct key *keys = (const void *)split->data;
    const size_t count = split->size / sizeof *keys;
    const double began = seconds(CLOCK_THREAD_CPUTIME_ID);
    const int result = bench->batch ? emit_batches(bench, keys, count, emitter)
                                    : emit_each(bench, keys, count, emitter);
    (void)state;
    (void)error;
    bench->map_seconds += seconds(CLOCK_THREAD_CPUTIME_ID) - began;
    return result;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct bench *bench = context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        bench->sum += records[i].rank;
    bench->results += count;
    return 0;
}

/* Runs one job; returns its processor time, all of it in *whole. */
static double run(struct mr_engine *engine, struct bench *bench, double *whole)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = bench, .size = MR_UNKNOWN, .next = next_split};
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = bench,
                                     .input = mr_input_new(&reader),
                                     .map = map,
                                     .collect = collect};
    struct mr_error error;
    const double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
    bench->next = 0;
    bench->sum = bench->results = 0;
    bench->map_seconds = 0;
    if (mr_run(engine, &spec, NULL, &error) != MR_OK) {
        fprintf(stderr, "emit: %s\n", error.text);
        exit(1);
    }
    *whole = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
    return bench->map_seconds;
}

static int compare(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median(double *times, unsigned count)
{
    qsort(times, count, sizeof *times, compare);
    return times[count / 2];
}

/* The same numbers in each run. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Keys of `different` kinds, of 1 to 13 bytes as words are. */
static void fill(struct bench *bench, uint64_t different)
{
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < bench->count; i++) {
        struct key *key = &bench->keys[i];
        const uint64_t number = random_next(&state) % different;
        uint64_t left = number * 0x9e3779b97f4a7c15u, sizes = number * 0xd1342543de82ef95u >> 32;
        key->size = (unsigned char)(different < 100000 ? 1 + sizes % 7 + (sizes >> 16) % 7
                                                       : 5 + (sizes >> 16) % 9);
        for (unsigned at = 0; at < key->size; at++, left = left >> 5 | left << 59)
            key->bytes[at] = (unsigned char)('a' + left % 26);
    }
}

static void compare_both(struct mr_engine *engine, struct bench *bench, const char *name,
                         unsigned rounds)
{
    double maps[2][MOST_ROUNDS], wholes[2][MOST_ROUNDS];
    uint64_t sums[2] = {0}, results[2] = {0};
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned turn = 0; turn < 2; turn++) {
            const unsigned batch = turn ^ (round & 1);
            bench->batch = batch != 0;
            maps[batch][round] = run(engine, bench, &wholes[batch][round]);
            sums[batch] = bench->sum;
            results[batch] = bench->results;
        }
    }
    if (sums[0] != sums[1] || results[0] != results[1]) {
        fprintf(stderr, "emit: %s: the two count differently\n", name);
        exit(1);
    }
    const double map = median(maps[0], rounds), map_batch = median(maps[1], rounds);
    const double whole = median(wholes[0], rounds), whole_batch = median(wholes[1], rounds);
    printf("%s\t%.3f\t%.3f\t%.2f\t%.3f\t%.3f\t%.2f\n", name, map, map_batch, map / map_batch, whole,
           whole_batch, whole / whole_batch);
}

int main(int argc, char **argv)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = 1, .memory = (uint64_t)2 << 30};
    struct bench bench = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000};
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
    struct mr_engine *engine;
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    bench.keys = malloc((bench.count + 1) * sizeof *bench.keys);
    if (!bench.keys || mr_engine_open(&options, &engine, NULL) != MR_OK)
        return 1;
    printf("keys\tmap\tbatch\tratio\twhole\tbatch\tratio\n");
    for (int many = 0; many <= 1; many++) {
        fill(&bench, many ? bench.count / 2 : 1000);
        bench.values = false;
        compare_both(engine, &bench, many ? "many" : "few", rounds);
        bench.values = true;
        compare_both(engine, &bench, many ? "many, values" : "few, values", rounds);
    }
    mr_engine_close(engine);
    free(bench.keys);
    return 0;
}
