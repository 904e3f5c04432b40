/* SPDX-License-Identifier: MIT
 *
 * payloads - records' payloads where callbacks may see them: at multiples of ALIGNED_TO.
 *
 * In a stream they lie anywhere. What is misaligned is copied; a large one, which is alone in its
 * chunk, is moved instead.
 */
#ifndef ENGINE_PAYLOADS_H
#define ENGINE_PAYLOADS_H

#include "engine/mapreduce.h"

/* Moves the large ones among the records' payloads, whose chunks are the caller's and not read
 * again as records. Returns how many bytes payloads_copy takes for the others: 0 where all are
 * aligned. */
size_t payloads_room(struct mr_record *records, size_t count);
/* Copies those that are misaligned to `room`, and lets the records point there. */
void payloads_copy(struct mr_record *records, size_t count, unsigned char *room);

#endif
