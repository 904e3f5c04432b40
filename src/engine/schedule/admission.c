/* SPDX-License-Identifier: MIT
 *
 * admission - rooms for large and for small jobs (see admission.h).
 */
#include "engine/schedule/admission.h"

#include "engine/core/pool.h"
#include "engine/map/combiner_policy.h"

/* What large jobs hold at least may take such a part of the memory, and what small ones do. The
 * rest is for what jobs hold only as long as there is memory: records, larger tables, sorting. */
#define LARGE_PART 4
#define SMALL_PART 8
/* A small job's input is at most such a part of it; a job holds, in pairs, results and output, no
 * more than so many times its input. */
#define SMALL_INPUT 128
#define TIMES_INPUT 4
/* A small job beside others sizes what it holds by such a part. */
#define SMALL_MEMORY 16
/* Besides open chunks a worker of a large job has tables that double past the budget, bytes of
 * their long keys, and what it reads into; a small one's tables hardly grow. */
#define LARGE_WORKER ((uint64_t)1 << 20)
#define SMALL_WORKER ((uint64_t)128 << 10)

void admission_open(struct admission *admission, uint64_t memory)
{
    *admission = (struct admission){.memory = memory};
}

enum admission_room admission_room_of(const struct admission *admission, uint64_t input)
{
    return input <= admission->memory / SMALL_INPUT ? ADMISSION_SMALL : ADMISSION_LARGE;
}

bool admission_try(struct admission *admission, uint64_t input, unsigned workers, bool must,
                   struct admission_share *share)
{
    const enum admission_room room = admission_room_of(admission, input);
    const bool small = room == ADMISSION_SMALL;
    const uint64_t most = admission->memory / (small ? SMALL_PART : LARGE_PART);
    uint64_t memory = admission->memory;
    if (admission->jobs[ADMISSION_LARGE] + admission->jobs[ADMISSION_SMALL] > 0)
        memory /= small ? SMALL_MEMORY : 1 + admission->jobs[ADMISSION_LARGE];
    const unsigned bits = combiner_policy_partition_bits(memory, input, workers, POOL_CHUNK);
    const uint64_t chunks = (uint64_t)POOL_CHUNK << bits;
    const uint64_t held = small ? workers * (chunks + SMALL_WORKER) + TIMES_INPUT * input
                                : workers * (chunks + LARGE_WORKER);
    if (!must && admission->jobs[room] > 0 && admission->held[room] + held > most)
        return false;
    *share = (struct admission_share){.room = room, .held = held, .memory = memory};
    admission->held[room] += held;
    admission->jobs[room]++;
    return true;
}

void admission_end(struct admission *admission, struct admission_share *share)
{
    if (share->memory == 0)
        return;
    admission->held[share->room] -= share->held;
    admission->jobs[share->room]--;
    *share = (struct admission_share){0};
}
