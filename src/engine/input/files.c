/* SPDX-License-Identifier: MIT
 *
 * files - FILEs, standard input or an open descriptor as splits, cut where no item can span: joins
 * sources, splitter and block_stream to an input.
 *
 * Regular files travel as ranges that the workers read themselves; everything else (pipes, FIFOs,
 * sockets, terminals, devices, /proc) is read by the job's reader thread into buffers of a bounded
 * pool, and so are regular files that can be cut only by who has read all that stands before. No
 * size is trusted: each FILE is read to its end as met.
 */
#include "base/test_hooks.h"
#include "base/thread.h"
#include "engine/core/struct_size.h"
#include "engine/input/block_stream.h"
#include "engine/input/blocks.h"
#include "engine/input/input.h"
#include "engine/input/lines.h"
#include "engine/input/sources.h"
#include "engine/input/splitter.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Up to this many bytes are counted sooner than threads are started. */
#define SMALL_BYTES ((uint64_t)64 * 1024)
#define SMALL_NAMES 64
/* How long to wait for a pipe to show that it is small. */
#define SMALL_WAIT UINT64_C(50000000)
/* Asking for the sizes of more FILEs would hold the start up noticeably. */
#define SURVEY_NAMES 4096

#define LEAST_BLOCK ((size_t)64 * 1024)
#define USUAL_BLOCK ((size_t)256 * 1024)

/* Where nobody said of what engine it will be. */
#define UNKNOWN_MEMORY (UINT64_C(64) << 20)

struct files {
    struct mr_files what; /* as wanted, but the cuts, which are these: */
    struct mr_cuts cuts;
    const char *wrong; /* why that cannot be, or NULL */
    const char *wrong_of;
    struct sources sources;
    _Atomic bool begun; /* the rest is there */
    struct blocks blocks;
    struct splitter splitter;
    struct block_stream stream;
    struct source *streamed; /* the reader's: the source that stream reads, or NULL */
    bool looked, small;      /* it has been asked whether the input is small, and what was found */
};

/* Blocks a worker: one being mapped, the others waiting. With two, who wrote into a pipe had to get
 * a CPU from the workers for each of them, and had not always got it in time. */
#define WORKER_BLOCKS 8

/* Those, and two for the reader (one being filled, one that still holds what goes before it),
 * within an eighth of the memory. */
static int open_blocks(struct files *files, uint64_t threads, uint64_t memory,
                       struct mr_error *error)
{
    uint64_t blocks = WORKER_BLOCKS * (threads > 0 ? threads : 1) + 2;
    uint64_t share = memory / 8;
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
    return blocks_open(&files->blocks, size, limit, error);
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

/* Copies what is wanted, as large as its caller knows it. What makes no sense is said when the
 * input begins: who makes an input cannot hear of it. */
static void take(struct files *files, const struct mr_files *given)
{
    struct mr_files *what = &files->what;
    struct mr_cuts *cuts = &files->cuts;
    *cuts = lines_cuts;
    files->wrong_of = "files";
    files->wrong = struct_size_copy(what, sizeof *what, given);
    if (files->wrong)
        return;
    if (!what->names)
        what->count = 0;
    for (size_t i = 0; i < what->count && !files->wrong; i++)
        files->wrong = what->names[i] ? NULL : "one has no name";
    if (!what->cuts || files->wrong)
        return;
    files->wrong_of = "cuts";
    files->wrong = struct_size_copy(cuts, sizeof *cuts, what->cuts);
    if (files->wrong)
        return;
    if (!cuts->last_from && (!cuts->first || !cuts->last))
        files->wrong = "they need a first and a last, or a last_from";
    else if (cuts->condense && (!cuts->condense_end || cuts->context_of))
        files->wrong = "a condense needs a condense_end, and goes with no context_of";
}

/* Makes all that reading needs, for so many workers that share the splits. */
static int open_parts(struct files *files, unsigned threads, uint64_t memory,
                      struct mr_error *error)
{
    if (files->wrong)
        return (int)mr_error_set(error, MR_INVALID, EINVAL, "the %s: %s", files->wrong_of,
                                 files->wrong);
    if (sources_begin(&files->sources, error) != 0)
        return -1;
    if (open_blocks(files, threads, memory, error) != 0) {
        sources_close(&files->sources);
        return -1;
    }
    splitter_open(&files->splitter, &files->cuts, &files->sources, threads);
    block_stream_open(&files->stream, &files->cuts, &files->sources, &files->blocks);
    atomic_store(&files->begun, true);
    return 0;
}

static void end(void *context)
{
    struct files *files = context;
    if (atomic_load(&files->begun)) {
        if (files->splitter.source)
            sources_release(&files->sources, files->splitter.source);
        block_stream_close(&files->stream);
        if (files->streamed)
            sources_release(&files->sources, files->streamed);
        blocks_close(&files->blocks);
        sources_close(&files->sources);
    }
    free(files);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void interrupt(void *context)
{
    struct files *files = context;
    atomic_store(&files->sources.interrupted, true);
    if (!atomic_load(&files->begun))
        return; /* reading begins with a look at that */
    sources_interrupt(&files->sources);
    blocks_interrupt(&files->blocks);
}

/* Opens the next FILE; returns as sources_next. */
static int begin_next(struct files *files, struct mr_error *error)
{
    struct source *source;
    int rc = sources_next(&files->sources, &source, error);
    if (rc != 1)
        return rc;
    if (source->ranges) {
        splitter_begin(&files->splitter, source);
    } else {
        block_stream_begin(&files->stream, source);
        files->streamed = source;
    }
    return 1;
}

/* As sources_next. */
static int read_split(struct files *files, struct mr_split *split, struct mr_error *error)
{
    if (!atomic_load(&files->begun) && open_parts(files, 1, UNKNOWN_MEMORY, error) != 0)
        return -1;
    for (;;) {
        int rc = 0;
        if (atomic_load(&files->sources.interrupted))
            return 0;
        if (files->splitter.source) {
            rc = splitter_next(&files->splitter, split) ? 1 : 0;
        } else if (files->streamed) {
            rc = block_stream_next(&files->stream, split, error);
            if (rc == 0 && !atomic_load(&files->sources.interrupted)) {
                sources_release(&files->sources, files->streamed);
                files->streamed = NULL;
            }
        } else {
            rc = begin_next(files, error);
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
    struct files *files = context;
    if (*(enum source_handle *)split->handle == SOURCE_HANDLE_BLOCK)
        return 0;
    if (splitter_load(&files->splitter, split, scratch, error) != 0)
        return -1;
    return sources_failed(&files->sources, error) ? -1 : 0;
}

static void release(void *context, struct mr_split *split)
{
    struct files *files = context;
    if (*(enum source_handle *)split->handle == SOURCE_HANDLE_BLOCK)
        blocks_release(&files->blocks, split->handle);
    else
        sources_release(&files->sources, split->handle);
}

/* ---- The input ------------------------------------------------------------------------------- */

/* As struct mr_input has it. The size is what the FILEs have just now: more or less may come. */
static int begin(struct mr_input *input, unsigned threads, uint64_t memory, struct mr_error *error)
{
    struct files *files = input->reader.context;
    if (open_parts(files, threads, memory, error) != 0)
        return -1;
    input->reader.size = sources_survey(&files->sources, SURVEY_NAMES, false);
    return 0;
}

static bool look_whether_small(struct files *files, struct mr_reader *reader)
{
    if (files->what.count > 1)
        return sources_survey(&files->sources, SMALL_NAMES, true) <= SMALL_BYTES;
    /* Errors are left to the job, which meets them again. */
    int rc = begin_next(files, NULL);
    if (rc != 1)
        return rc == 0;
    const struct source *source = files->splitter.source ? files->splitter.source : files->streamed;
    reader->size = source->regular ? source->size - source->start : MR_UNKNOWN;
    if (source->regular)
        return reader->size <= SMALL_BYTES;
    return block_stream_probe(&files->stream, thread_now() + SMALL_WAIT, NULL) == 1;
}

static bool small(struct mr_input *input)
{
    struct files *files = input->reader.context;
    if (!files->looked)
        files->small = look_whether_small(files, &input->reader);
    files->looked = true;
    return files->small;
}

/* FILEs, or, where there are none and they are not `named`, the descriptor `given`. */
static struct mr_input *make(const struct mr_files *what, bool named, int given)
{
    struct files *files = calloc(1, sizeof *files);
    if (!files)
        return input_failed(MR_NOMEM);
    take(files, what);
    sources_open(&files->sources, &files->what, named, given);
    files->sources.streams = files->cuts.last_from != NULL;
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = files,
        .size = MR_UNKNOWN,
        .next = next,
        .load = load,
        .release = release,
        .interrupt = interrupt,
        .close = end,
    };
    struct mr_input *input = mr_input_new(&reader);
    if (input->status != MR_OK)
        return input;
    input->begin = begin;
    input->small = small;
    /* Own cuts may be within lines. */
    input->map = files->what.cuts ? NULL : lines_map;
    return input;
}

struct mr_input *mr_input_files_with(const struct mr_files *files)
{
    const struct mr_files none = {.struct_size = sizeof none};
    return make(files ? files : &none, true, STDIN_FILENO);
}

struct mr_input *mr_input_files(const char *const *names, size_t count)
{
    const struct mr_files files = {.struct_size = sizeof files, .names = names, .count = count};
    return make(&files, true, STDIN_FILENO);
}

struct mr_input *mr_input_descriptor(int descriptor)
{
    const struct mr_files none = {.struct_size = sizeof none};
    return make(&none, false, descriptor);
}

const char *mr_input_file_name(const struct mr_input *input, uint64_t number)
{
    if (!input || input->reader.next != next)
        return NULL;
    const struct files *files = input->reader.context;
    return sources_name(&files->sources, number);
}
