/* SPDX-License-Identifier: MIT
 *
 * unordered - results that are put out as they come.
 *
 * A task's results become pieces of the output at once. While too much of these waits to be put
 * out, results are kept where they may be spilled instead, and become pieces when the partitions
 * have all been reduced. So neither does a worker wait for the caller nor does memory grow.
 */
#ifndef ENGINE_UNORDERED_H
#define ENGINE_UNORDERED_H

#include "engine/order/order.h"

/* Makes room to keep results in. Returns -1 when memory is out. */
int unordered_open(struct order *order);
/* Puts results out, or keeps them. Takes the stream. Returns -1 when the job fails. */
int unordered_put(struct order_worker *own, struct stream *stream);

/* How many tasks there are to put kept results out; 0 where none are kept. To be asked again when
 * they have been done: each puts out no more than may wait. */
size_t unordered_tasks(const struct order *order);
/* Does one. Returns -1 when the job fails. */
int unordered_put_out(struct order_worker *own, size_t task);

#endif
