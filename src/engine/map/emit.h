/* SPDX-License-Identifier: MIT
 *
 * emit - pairs on their way from a map to the combiner.
 *
 * A key looked up alone waits for its slot; of many the slots arrive side by side. So mr_emit
 * copies a short key and its value, and what it has gathered is brought to the combiner as a batch
 * is: when there is no room for another, at the end of a split and of the mapper. Pairs of long
 * keys and of large values, which to copy would cost more than it saves, go there at once.
 *
 * Who may not emit is told where that costs nothing to speak of: once a batch, which a pair that is
 * not gathered is, too. Until then pairs of a foreign thread may have been gathered, or lost.
 */
#ifndef ENGINE_EMIT_H
#define ENGINE_EMIT_H

#include "engine/map/emitter.h"

/* Prepares an emitter whose context is set. */
void emit_open(struct mr_emitter *emitter);
/* From here to emit_end the calling thread may emit, and nobody else. */
void emit_begin(struct mr_emitter *emitter);
/* Brings the pairs gathered to the combiner, but where the job has failed. Returns -1 when it
 * fails. */
int emit_end(struct mr_emitter *emitter);

#endif
