/* SPDX-License-Identifier: MIT
 *
 * input - the FILEs and standard input as splits for the engine, cut where no token can span.
 *
 * Regular files travel as ranges that the workers read themselves; everything else (pipes, FIFOs,
 * terminals, devices, /proc) is read by the job's reader thread into buffers of a bounded pool. No
 * size is trusted: each FILE is read to its end as met.
 *
 * A split's number is the index of its FILE among the names, its offset the place of its first byte
 * in that FILE.
 */
#ifndef INPUT_INPUT_H
#define INPUT_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "input/input_options.h"

struct input;

/* Opens no FILE yet. Returns 0 and sets *input, or -1 with *error filled. */
int input_open(const struct input_options *options, struct input **input, struct mr_error *error);
/* To be called when every split has been released. NULL is allowed. */
void input_close(struct input *input);

/* Whether the whole input is there already and is at most some 64 KiB, so that threads are not
 * worth starting. Waits a few hundredths of a second at most for the end of a pipe; what is read
 * by that is not lost. To be called before the job, if at all. */
bool input_small(struct input *input);

/* The input as the engine wants it, which must have been released before input_close; NULL when
 * memory is out. To be called once, after input_small. The size is what the FILEs had just now:
 * more or less may come. */
struct mr_input *input_job(struct input *input);

/* The name of the FILE with that number, "-" for standard input. */
const char *input_name(const struct input *input, uint64_t number);

#endif
