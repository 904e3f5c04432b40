/* SPDX-License-Identifier: MIT
 *
 * input - joins sources, splitter and streams to what the engine reads (see input.h).
 */
#include "input/input.h"

#include "base/test_hooks.h"
#include "base/thread.h"
#include "input/blocks.h"
#include "input/source.h"
#include "input/splitter.h"
#include "input/stream.h"

#include <errno.h>
#include <stdlib.h>

/* Up to this many bytes are counted sooner than threads are started. */
#define SMALL_BYTES ((uint64_t)64 * 1024)
#define SMALL_NAMES 64
/* How long to wait for a pipe to show that it is small. */
#define SMALL_WAIT UINT64_C(50000000)
/* Asking for the sizes of more FILEs would hold the start up noticeably. */
#define SURVEY_NAMES 4096

#define LEAST_BLOCK ((size_t)64 * 1024)
#define USUAL_BLOCK ((size_t)256 * 1024)

struct input {
    struct input_options options;
    struct sources sources;
    struct blocks blocks;
    struct splitter splitter;
    struct stream stream;
    struct source *streamed; /* the reader's: the source that stream reads, or NULL */
};

/* Blocks a worker: one being mapped, the others waiting. With two, who wrote into a pipe had to get
 * a CPU from the workers for each of them, and had not always got it in time. */
#define WORKER_BLOCKS 8

/* Those, and two for the reader (one being filled, one that still holds what goes before it),
 * within an eighth of the memory. */
static int open_blocks(struct input *input, struct mr_error *error)
{
    const struct input_options *options = &input->options;
    uint64_t threads = options->threads > 0 ? options->threads : 1;
    uint64_t blocks = WORKER_BLOCKS * threads + 2;
    uint64_t share = options->memory / 8;
    size_t size = USUAL_BLOCK;
    if (test_hooks.buffer_size > 0) {
        size = test_hooks.buffer_size;
    } else {
        while (size > LEAST_BLOCK && size * blocks > share)
            size /= 2;
    }
    uint64_t limit = size * blocks;
    if (limit > share)
        limit = share > 3 * (uint64_t)size ? share : 3 * (uint64_t)size;
    return blocks_open(&input->blocks, size, limit, error);
}

int input_open(const struct input_options *options, struct input **opened, struct mr_error *error)
{
    struct input *input = calloc(1, sizeof *input);
    *opened = NULL;
    if (!input) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    input->options = *options;
    if (sources_open(&input->sources, &input->options, error) != 0)
        goto no_sources;
    if (open_blocks(input, error) != 0)
        goto no_blocks;
    splitter_open(&input->splitter, &input->options, &input->sources);
    stream_open(&input->stream, &input->options, &input->sources, &input->blocks);
    *opened = input;
    return 0;

no_blocks:
    sources_close(&input->sources);
no_sources:
    free(input);
    return -1;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->splitter.source)
        sources_release(&input->sources, input->splitter.source);
    stream_close(&input->stream);
    if (input->streamed)
        sources_release(&input->sources, input->streamed);
    blocks_close(&input->blocks);
    sources_close(&input->sources);
    free(input);
}

const char *input_name(const struct input *input, uint64_t number)
{
    return sources_name(&input->sources, number);
}

static void interrupt(void *context)
{
    struct input *input = context;
    sources_interrupt(&input->sources);
    blocks_interrupt(&input->blocks);
}

/* Opens the next FILE; returns as sources_next. */
static int begin_next(struct input *input, struct mr_error *error)
{
    struct source *source;
    int rc = sources_next(&input->sources, &source, error);
    if (rc != 1)
        return rc;
    if (source->ranges) {
        splitter_begin(&input->splitter, source);
    } else {
        stream_begin(&input->stream, source);
        input->streamed = source;
    }
    return 1;
}

/* As sources_next. */
static int read_split(struct input *input, struct mr_split *split, struct mr_error *error)
{
    for (;;) {
        int rc = 0;
        if (atomic_load(&input->sources.interrupted))
            return 0;
        if (input->splitter.source) {
            rc = splitter_next(&input->splitter, split) ? 1 : 0;
        } else if (input->streamed) {
            rc = stream_next(&input->stream, split, error);
            if (rc == 0 && !atomic_load(&input->sources.interrupted)) {
                sources_release(&input->sources, input->streamed);
                input->streamed = NULL;
            }
        } else {
            rc = begin_next(input, error);
            if (rc == 1)
                continue;
            return rc;
        }
        if (rc != 0)
            return rc;
    }
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    const int rc = read_split(context, split, error);
    split->end = rc == 0;
    return rc < 0 ? -1 : 0;
}

static int load(void *context, struct mr_split *split, struct mr_buffer *scratch,
                struct mr_error *error)
{
    struct input *input = context;
    if (*(enum handle *)split->handle == HANDLE_BLOCK)
        return 0;
    return splitter_load(&input->splitter, split, scratch, error);
}

static void release(void *context, struct mr_split *split)
{
    struct input *input = context;
    if (*(enum handle *)split->handle == HANDLE_BLOCK)
        blocks_release(&input->blocks, split->handle);
    else
        sources_release(&input->sources, split->handle);
}

bool input_small(struct input *input)
{
    if (input->options.count > 1)
        return sources_survey(&input->sources, SMALL_NAMES, true) <= SMALL_BYTES;
    /* Errors are left to the job, which meets them again. */
    int rc = begin_next(input, NULL);
    if (rc != 1)
        return rc == 0;
    const struct source *source = input->splitter.source;
    if (source)
        return source->size - source->start <= SMALL_BYTES;
    return stream_probe(&input->stream, thread_now() + SMALL_WAIT, NULL) == 1;
}

struct mr_input *input_job(struct input *input)
{
    const struct source *source = input->splitter.source;
    uint64_t size = MR_UNKNOWN;
    if (source)
        size = source->size - source->start;
    else if (!input->streamed)
        size = sources_survey(&input->sources, SURVEY_NAMES, false);
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = input,
        .size = size,
        .next = next,
        .load = load,
        .release = release,
        .interrupt = interrupt,
    };
    return mr_input_new(&reader);
}
