/* SPDX-License-Identifier: MIT
 *
 * emit - pairs on their way from a map to the combiner.
 *
 * A key looked up alone waits for its slot; of many the slots arrive side by side. So mr_emit
 * copies a short key and its value, and what it has gathered is brought to the combiner as a batch
 * is: when there is no room for another, at the end of a split and of the mapper. Pairs of long
 * keys and of large values, which to copy would cost more than it saves, go there at once.
 */
#ifndef ENGINE_EMIT_H
#define ENGINE_EMIT_H

#include "engine/map/emitter.h"

/* Lets an emitter, whose context is set, gather pairs. */
void emit_open(struct mr_emitter *emitter);
/* Brings the pairs gathered to the combiner. Returns -1 when the job fails. */
int emit_flush(struct mr_emitter *emitter);

#endif
