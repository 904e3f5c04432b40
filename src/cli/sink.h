/* SPDX-License-Identifier: MIT
 *
 * sink - where the report's bytes go: standard output, or a FILE that is replaced as a whole.
 *
 * A FILE that is regular, or does not exist, is written to a temporary beside it that takes its
 * place in sink_finish. Devices and FIFOs are written directly. Nothing here prints.
 */
#ifndef CLI_SINK_H
#define CLI_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

/* Finds out what `file` (NULL: standard output) is and opens it where it is no regular file; the
 * temporary comes with the first write. Returns 0, or -1 (errno) where it could not be written.
 * Waits for a FIFO's other end. */
int sink_open(const char *file, struct sink **sink);

/* Whether pieces may be written at any place and in any order: a regular file that nothing else of
 * ours writes to. */
bool sink_positional(const struct sink *sink);
/* Whether what is written may show up on a terminal at once, through a pipe say. */
bool sink_visible(const struct sink *sink);

/* Writes a piece. Where the output is positional, any thread at any time, each to its offset
 * from the output's start; else one at a time and in order, and the offset is not looked at.
 * Returns 0 or -1 (errno). */
int sink_write(struct sink *sink, const void *bytes, size_t size, uint64_t offset);

/* Makes what was written final: all of it is there, and under its name. To be called once, when no
 * write runs any more. Returns 0 or -1 (errno). */
int sink_finish(struct sink *sink);

/* Takes back what was written, as far as that can be: the temporary goes, a regular file is cut to
 * what it was. Writes that still come fail. Any thread; nothing happens after sink_finish. */
void sink_discard(struct sink *sink);

/* Discards what is not finished and frees. NULL is allowed. */
void sink_close(struct sink *sink);

#endif
