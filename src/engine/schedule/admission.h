/* SPDX-License-Identifier: MIT
 *
 * admission - which jobs may map at the same time: decided from numbers alone.
 *
 * There is something that a job holds at least, however exhausted the budget is: open chunks of all
 * its partitions and the first tables, for each worker. So that this is bounded for all jobs
 * together, a job waits, pending, until those before it leave room. Alone it has the whole memory
 * to size its parts by; beside others each has less, and then holds less.
 *
 * A job whose input is known to be small waits for other small ones only, which have a room of
 * their own: it is not held up by long ones. Nor does it count for these.
 *
 * Under the lock of the schedule.
 */
#ifndef ENGINE_ADMISSION_H
#define ENGINE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum admission_room { ADMISSION_LARGE, ADMISSION_SMALL, ADMISSION_ROOMS };

struct admission {
    uint64_t memory; /* of the budget; constant */
    uint64_t held[ADMISSION_ROOMS];
    size_t jobs[ADMISSION_ROOMS];
};

/* One job's part of it; all zero where it has none. */
struct admission_share {
    enum admission_room room;
    uint64_t held;   /* that it may hold at least */
    uint64_t memory; /* by which it sizes what it holds */
};

void admission_open(struct admission *admission, uint64_t memory);
/* Where a job of so many bytes of input (or MR_UNKNOWN) belongs. */
enum admission_room admission_room_of(const struct admission *admission, uint64_t input);
/* Lets such a job begin, with so many workers: where there is room, or where it `must`. */
bool admission_try(struct admission *admission, uint64_t input, unsigned workers, bool must,
                   struct admission_share *share);
/* The job has ended. */
void admission_end(struct admission *admission, struct admission_share *share);

#endif
