/* SPDX-License-Identifier: MIT
 *
 * output_file - where the report's bytes go: standard output, or a FILE.
 *
 * A FILE that is regular, or does not exist, is replaced as a whole where that can be. All else is
 * appended to in whole lines, at the place where it is when bytes are written: standard output,
 * also by a name, devices, FIFOs, and files that cannot be replaced. Nothing here prints.
 */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output_file;

/* Finds out what `name` (NULL: standard output) is, and opens it so that what would keep it from
 * being written shows now. Lines end in the byte `end`. Waits for a FIFO's other end. Returns 0, or
 * -1 (errno) with *folder the name of the folder where that is the reason, which the caller frees,
 * else NULL. *file is set before a file is made, for a signal's handler to find it. */
int output_file_open(const char *name, unsigned char end, struct output_file **file, char **folder);

/* `look` is called before each write of bytes that are appended and when a signal interrupts one;
 * for the thread that signals come to. */
void output_file_look(struct output_file *file, void (*look)(void *context), void *context);

/* Whether pieces may be written at any place and in any order: a file that nobody else writes. */
bool output_file_positional(const struct output_file *file);
/* Whether what is written may show up on a terminal at once, through a pipe say. */
bool output_file_visible(const struct output_file *file);

/* Writes a piece of whole lines. Where the output is positional, any thread at any time, each to
 * its offset from the output's start; else one at a time and in order, and the offset is not looked
 * at. Returns 0 or -1 (errno). */
int output_file_write(struct output_file *file, const void *bytes, size_t size, uint64_t offset);

/* Makes what was written final: all of it is there, and under its name. To be called once, when no
 * write runs any more. Returns 0 or -1 (errno). */
int output_file_finish(struct output_file *file);

/* For a signal's handler, before the process ends: writes that begin from now on fail, one to a
 * regular file that runs comes to its end, and of a FILE that was begun nothing remains. */
void output_file_abandon(struct output_file *file);

/* Gives up what is not finished and frees. NULL is allowed. */
void output_file_close(struct output_file *file);

#endif
