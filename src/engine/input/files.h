/* SPDX-License-Identifier: MIT
 *
 * files - FILEs, standard input or an open descriptor as splits, cut where no item can span.
 *
 * Regular files travel as ranges that the workers read themselves; everything else (pipes, FIFOs,
 * sockets, terminals, devices, /proc) is read by the job's reader thread into buffers of a bounded
 * pool. No size is trusted: each FILE is read to its end as met.
 *
 * A split's number is the index of its FILE among the names, its offset the place of its first byte
 * in that FILE.
 */
#ifndef ENGINE_FILES_H
#define ENGINE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mapreduce.h"

struct files;

/* Opens no FILE and takes no descriptor yet. NULL when memory is out. */
struct files *files_open(const struct mr_files *what);
/* What is read from an open descriptor, which stays the caller's. NULL when memory is out. */
struct files *files_open_descriptor(int descriptor);
/* To be called when every split has been released. NULL is allowed. */
void files_close(struct files *files);

/* Makes all that reading needs, for so many workers that share the splits; the buffers of streams
 * take a small part of the memory. Once, before what follows. Returns 0, or -1 with *error
 * filled. */
int files_begin(struct files *files, unsigned threads, uint64_t memory, struct mr_error *error);

/* Whether the whole input is there already and is at most some 64 KiB, so that threads are not
 * worth starting. Waits a few hundredths of a second at most for the end of a pipe; what is read
 * by that is not lost. To be called before the job, if at all. */
bool files_small(struct files *files);

/* The input as the engine wants it, which must have been released before files_close; NULL when
 * memory is out. To be called once, after files_small. The size is what the FILEs had just now:
 * more or less may come. */
struct mr_input *files_job(struct files *files);

/* The name of the FILE with that number, "-" for standard input; NULL where there is no such. */
const char *files_name(const struct files *files, uint64_t number);

#endif
