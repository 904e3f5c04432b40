/* SPDX-License-Identifier: MIT
 *
 * decimal_batch - short plain numbers, several at a time where the CPU can.
 *
 * A batch goes on as long as texts are digits and a point or none, of 1 to 8 bytes together, as
 * decimal_plain_short takes them. Any thread may call these.
 */
#ifndef VALUES_DECIMAL_BATCH_H
#define VALUES_DECIMAL_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

/* How numbers go to words, two each: the digits, `shift` bits up, with the scale below them; and
 * `second`. */
struct decimal_batch_form {
    unsigned shift;
    uint64_t second;
};

/* Reads `count` texts, of which each that has any bytes has DECIMAL_PAD more that can be read.
 * Returns how many were read before one that is anything else; or up to DECIMAL_BATCH_TOGETHER - 1
 * fewer, as texts are looked at together. Words behind theirs are left as they are. */
typedef size_t decimal_batch(const struct mr_bytes *texts, size_t count,
                             const struct decimal_batch_form *form, uint64_t *words);

#define DECIMAL_BATCH_TOGETHER 4

decimal_batch decimal_batch_scalar;
#if defined(__x86_64__)
decimal_batch decimal_batch_avx2;
decimal_batch decimal_batch_avx512; /* it has both */
#endif

/* The best for this CPU. */
decimal_batch *decimal_batch_select(void);

#endif
