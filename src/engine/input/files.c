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
#include "engine/input/chain_load.h"
#include "engine/input/chains.h"
#include "engine/input/input.h"
#include "engine/input/lines.h"
#include "engine/input/sources.h"
#include "engine/input/splitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Up to this many bytes are counted sooner than threads are started. */
#define SMALL_BYTES ((uint64_t)64 * 1024)
#define SMALL_NAMES 64
/* How long to wait for a pipe to show that it is small. */
#define SMALL_WAIT UINT64_C(50000000)
/* Asking for the sizes of more FILEs would hold the start up noticeably. */
#define SURVEY_NAMES 4096

/* Of FILEs that are decoded and others side by side: ranges out a worker, so that workers find
 * tickets soon, and FILEs opened ahead, to see which are decoded. */
#define WORKER_RANGES 2
#define MOST_AHEAD 8
_Static_assert(MOST_AHEAD <= SMALL_NAMES, "there is room");

#define LEAST_BLOCK ((size_t)64 * 1024)
#define USUAL_BLOCK ((size_t)256 * 1024)

/* Where nobody said of what engine it will be. */
static const struct input_engine unknown_engine = {.threads = 1, .memory = UINT64_C(64) << 20};

struct files {
    struct mr_files what; /* as wanted, but the cuts and the decoder, which are these: */
    struct mr_cuts cuts;
    struct mr_decoder decoder;
    const char *wrong; /* why that cannot be, or NULL */
    const char *wrong_of;
    struct sources sources;
    _Atomic bool begun; /* the rest is there */
    struct blocks blocks;
    struct splitter splitter;
    struct block_stream stream;
    struct chains chains; /* where there is a decoder, as what follows */
    unsigned threads;
    uint64_t memory;
    struct source *streamed;           /* the reader's: the source that stream reads, or NULL */
    struct chain_head head;            /* of that source, or of this: */
    struct source *slow;               /* the reader's: it has not begun in time; or NULL */
    struct chain *decoded;             /* the reader's: what it decodes itself, or NULL */
    struct source *ahead[SMALL_NAMES]; /* the reader's: regular FILEs opened and not begun, */
    size_t ahead_count;                /* which are so many */
    struct chain *waiting; /* the reader's: no regular FILE, to be read when all else is; or NULL */
    struct source *waiting_source; /* the same, of one that is not decoded */
    bool no_more;                  /* the reader's: all FILEs have been opened */
    struct mr_error failure;       /* why looking at how FILEs begin failed, for who reads them */
    bool looked, small; /* it has been asked whether the input is small, and what was found */
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

/* Copies the cuts and the decoder, and looks whether they make sense. */
static void take_parts(struct files *files)
{
    const struct mr_files *what = &files->what;
    struct mr_cuts *cuts = &files->cuts;
    struct mr_decoder *decoder = &files->decoder;
    if (what->cuts) {
        files->wrong_of = "cuts";
        files->wrong = struct_size_copy(cuts, sizeof *cuts, what->cuts);
        if (files->wrong)
            return;
        if (!cuts->last_from && (!cuts->first || !cuts->last))
            files->wrong = "they need a first and a last, or a last_from";
        else if (cuts->condense && (!cuts->condense_end || cuts->context_of))
            files->wrong = "a condense needs a condense_end, and goes with no context_of";
    }
    if (what->decoder && !files->wrong) {
        files->wrong_of = "decoder";
        files->wrong = struct_size_copy(decoder, sizeof *decoder, what->decoder);
        if (!files->wrong && (!decoder->open || !decoder->take || !decoder->close))
            files->wrong = "it needs an open, a take and a close";
    }
}

/* Copies what is wanted, as large as its caller knows it. What makes no sense is said when the
 * input begins: who makes an input cannot hear of it. */
static void take(struct files *files, const struct mr_files *given)
{
    struct mr_files *what = &files->what;
    files->cuts = lines_cuts;
    files->wrong_of = "files";
    files->wrong = struct_size_copy(what, sizeof *what, given);
    if (files->wrong)
        return;
    if (!what->names)
        what->count = 0;
    for (size_t i = 0; i < what->count && !files->wrong; i++)
        files->wrong = what->names[i] ? NULL : "one has no name";
    if (!files->wrong && what->next_name && (!what->name_of || what->names))
        files->wrong = "a next_name needs a name_of, and goes with no names";
    if (!files->wrong)
        take_parts(files);
}

/* Makes what FILEs that are decoded need. */
static int open_chains(struct files *files, const struct input_engine *engine,
                       struct mr_error *error)
{
    /* A frame that is decoded as a whole is larger than a block, and each worker has one in hand
     * and one that waits: where there is memory they are not to wait for each other. */
    const uint64_t share = test_hooks.buffer_size > 0 ? 0 : engine->memory / 16;
    files->chains = (struct chains){
        .decoder = &files->decoder,
        .cuts = &files->cuts,
        .sources = &files->sources,
        .threads = engine->threads > 0 ? engine->threads : 1,
        .piece_size = files->blocks.block_size,
        .limit = share > files->blocks.limit ? share : files->blocks.limit,
        .memory = engine->memory,
        .budget = engine->budget,
    };
    return chains_open(&files->chains, error);
}

/* Makes all that reading needs, for so many workers that share the splits. */
static int open_parts(struct files *files, const struct input_engine *engine,
                      struct mr_error *error)
{
    if (files->wrong)
        return (int)mr_error_set(error, MR_INVALID, EINVAL, "the %s: %s", files->wrong_of,
                                 files->wrong);
    if (sources_begin(&files->sources, error) != 0)
        return -1;
    if (open_blocks(files, engine->threads, engine->memory, error) != 0)
        goto no_blocks;
    if (files->what.decoder && open_chains(files, engine, error) != 0)
        goto no_chains;
    splitter_open(&files->splitter, &files->cuts, &files->sources, engine->threads);
    block_stream_open(&files->stream, &files->cuts, &files->sources, &files->blocks);
    atomic_store(&files->begun, true);
    return 0;

no_chains:
    blocks_close(&files->blocks);
no_blocks:
    sources_close(&files->sources);
    return -1;
}

/* Gives back what the reader has when it will not read on. */
static void end_reading(struct files *files)
{
    struct sources *sources = &files->sources;
    if (files->splitter.source)
        sources_release(sources, files->splitter.source);
    block_stream_close(&files->stream);
    if (files->streamed)
        sources_release(sources, files->streamed);
    for (size_t i = 0; i < files->ahead_count; i++)
        sources_release(sources, files->ahead[i]);
    if (files->waiting_source)
        sources_release(sources, files->waiting_source);
    if (files->slow)
        sources_release(sources, files->slow);
    if (files->waiting)
        chain_drop(files->waiting);
    if (files->decoded)
        chain_drop(files->decoded);
}

static void end(void *context)
{
    struct files *files = context;
    if (atomic_load(&files->begun)) {
        end_reading(files);
        if (files->what.decoder)
            chains_close(&files->chains);
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
    if (files->what.decoder)
        chains_interrupt(&files->chains);
}

/* Begins to stream a source, of which files->head has been read. */
static void begin_stream(struct files *files, struct source *source)
{
    const struct chain_head *head = &files->head;
    if (source->regular && source->start > 0)
        (void)lseek(source->fd, (off_t)source->start, SEEK_SET);
    block_stream_begin(&files->stream, source, head->bytes + head->skip, head->size - head->skip);
    files->streamed = source;
}

/* What has become of a FILE that was opened. */
enum opened {
    OPENED_NONE = 0,    /* there is none, or an interruption */
    OPENED_RANGES = 1,  /* *source is a regular FILE whose bytes are text */
    OPENED_STREAM = 2,  /* *source is to be streamed */
    OPENED_CHAIN = 3,   /* *chain decodes it, on workers */
    OPENED_DECODED = 4, /* *chain decodes it, on the reader's thread */
    OPENED_LATER = 5,   /* too many are open, or the deadline has passed */
};

/* Opens the next FILE that can be read, waiting until `deadline` for how it begins. Returns what it
 * is, or -1 with *error filled. */
static int open_next(struct files *files, bool wait, uint64_t deadline, struct source **source,
                     struct chain **chain, struct mr_error *error)
{
    for (;;) {
        *source = files->slow;
        files->slow = NULL;
        if (!*source) {
            int rc = sources_next(&files->sources, wait, source, error);
            if (rc != 1)
                return rc == 2 ? OPENED_LATER : rc;
            files->head.size = files->head.skip = 0;
        }
        if (!files->what.decoder)
            return (*source)->ranges ? OPENED_RANGES : OPENED_STREAM;
        const bool regular = (*source)->regular;
        switch (chain_begin(&files->chains, *source, deadline, &files->head, chain, error)) {
        case CHAIN_LATER:
            files->slow = *source;
            return OPENED_LATER;
        case CHAIN_FAILED:
            return -1;
        case CHAIN_NONE:
            continue;
        case CHAIN_OPEN:
            return regular && !files->cuts.last_from ? OPENED_CHAIN : OPENED_DECODED;
        case CHAIN_PLAIN:
            break;
        }
        if (!regular)
            return OPENED_STREAM;
        (*source)->start += files->head.skip;
        (*source)->skip = files->head.skip;
        files->head.size = files->head.skip = 0;
        return (*source)->ranges ? OPENED_RANGES : OPENED_STREAM;
    }
}

/* Opens the next FILE, to be read at once; returns as sources_next, and OPENED_LATER where the
 * deadline has passed. */
static int begin_next(struct files *files, uint64_t deadline, struct mr_error *error)
{
    struct source *source = NULL;
    struct chain *chain = NULL;
    int rc = open_next(files, true, deadline, &source, &chain, error);
    switch (rc) {
    case OPENED_RANGES:
        splitter_begin(&files->splitter, source);
        return 1;
    case OPENED_STREAM:
        begin_stream(files, source);
        return 1;
    case OPENED_CHAIN:
        chains_add(&files->chains, chain);
        return 1;
    case OPENED_DECODED:
        files->decoded = chain;
        return 1;
    default:
        files->no_more = rc == OPENED_NONE;
        return rc;
    }
}

/* Opens the next FILE, to be read when its time comes. Returns 0, 1 where that is not to be done
 * now, or -1 with *error filled. */
static int take_next(struct files *files, bool wait, struct mr_error *error)
{
    struct source *source = NULL;
    struct chain *chain = NULL;
    switch (open_next(files, wait, SOURCES_NO_DEADLINE, &source, &chain, error)) {
    case OPENED_NONE:
        files->no_more = true;
        return 0;
    case OPENED_RANGES:
        files->ahead[files->ahead_count++] = source;
        return 0;
    case OPENED_STREAM:
        files->waiting_source = source;
        return 0;
    case OPENED_CHAIN:
        chains_add(&files->chains, chain);
        return 0;
    case OPENED_DECODED:
        files->waiting = chain;
        return 0;
    case OPENED_LATER:
        return 1;
    default:
        return -1;
    }
}

/* Opens more FILEs than are being read, so that several are decoded at the same time, and beside
 * others. Returns 0, or -1 with *error filled. */
static int open_ahead(struct files *files, struct mr_error *error)
{
    struct chains *chains = &files->chains;
    int rc = 0;
    if (files->what.ordered || files->cuts.last_from)
        return 0;
    while (rc == 0 && !files->no_more && !files->waiting && !files->waiting_source &&
           files->ahead_count < MOST_AHEAD && chains->count < chains->threads &&
           (chains->count == 0 || chains_held(chains) <= chains->memory / 4))
        rc = take_next(
            files, chains->count == 0 && files->ahead_count == 0 && !files->splitter.source, error);
    return rc < 0 ? -1 : 0;
}

/* Hands out a range or a ticket; returns as sources_next. */
static int read_side_by_side(struct files *files, struct mr_split *split, struct mr_error *error)
{
    struct chains *chains = &files->chains;
    struct splitter *splitter = &files->splitter;
    const size_t most = WORKER_RANGES * (size_t)chains->threads;
    while (!atomic_load(&files->sources.interrupted)) {
        if (open_ahead(files, error) != 0)
            return -1;
        int rc = chains_issue(chains, split, error);
        if (rc == CHAINS_TICKET || rc < 0)
            return rc;
        if (!splitter->source && files->ahead_count > 0) {
            splitter_begin(splitter, files->ahead[0]);
            files->ahead_count--;
            for (size_t i = 0; i < files->ahead_count; i++)
                files->ahead[i] = files->ahead[i + 1];
        }
        if (splitter->source && (rc == CHAINS_ENDED || chains_range_fits(chains, most))) {
            if (splitter_next(splitter, split)) {
                chains_note_range(chains, 1);
                return 1;
            }
        } else if (rc == CHAINS_BUSY) {
            chains_wait(chains, splitter->source ? most : 0);
        } else {
            return 0;
        }
    }
    return 0;
}

/* Reads on what only the reader reads; returns as sources_next, 0 where it has ended. */
static int read_alone(struct files *files, struct mr_split *split, struct mr_error *error)
{
    int rc;
    if (files->decoded) {
        rc = chain_next(files->decoded, split, error);
        if (rc == 0 && !atomic_load(&files->sources.interrupted))
            files->decoded = NULL;
        return rc;
    }
    rc = block_stream_next(&files->stream, split, error);
    if (rc == 0 && !atomic_load(&files->sources.interrupted)) {
        sources_release(&files->sources, files->streamed);
        files->streamed = NULL;
    }
    return rc;
}

/* As sources_next. */
static int read_split(struct files *files, struct mr_split *split, struct mr_error *error)
{
    if (!atomic_load(&files->begun) && open_parts(files, &unknown_engine, error) != 0)
        return -1;
    for (;;) {
        int rc = 0;
        if (atomic_load(&files->sources.interrupted))
            return 0;
        if (files->failure.status != MR_OK) {
            if (error)
                *error = files->failure;
            return -1;
        }
        if (files->streamed || files->decoded)
            rc = read_alone(files, split, error);
        else if (files->what.decoder)
            rc = read_side_by_side(files, split, error);
        else if (files->splitter.source)
            rc = splitter_next(&files->splitter, split) ? 1 : 0;
        if (rc != 0)
            return rc;
        if (files->streamed || files->decoded || files->splitter.source)
            continue;
        if (files->waiting || files->waiting_source) {
            files->decoded = files->waiting;
            files->waiting = NULL;
            if (files->waiting_source)
                begin_stream(files, files->waiting_source);
            files->waiting_source = NULL;
            continue;
        }
        rc = files->no_more ? 0 : begin_next(files, SOURCES_NO_DEADLINE, error);
        if (rc != 1)
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
    const enum source_handle handle = *(enum source_handle *)split->handle;
    if (handle == SOURCE_HANDLE_BLOCK)
        return 0;
    if (handle == SOURCE_HANDLE_PIECE) {
        if (chain_load(split->handle, split, error) != 0)
            return -1;
        return sources_failed(&files->sources, error) ? -1 : 0;
    }
    if (splitter_load(&files->splitter, split, scratch, error) != 0)
        return -1;
    return sources_failed(&files->sources, error) ? -1 : 0;
}

static void release(void *context, struct mr_split *split)
{
    struct files *files = context;
    switch (*(enum source_handle *)split->handle) {
    case SOURCE_HANDLE_BLOCK:
        blocks_release(&files->blocks, split->handle);
        break;
    case SOURCE_HANDLE_PIECE:
        chain_release(split->handle);
        break;
    case SOURCE_HANDLE_FILE:
        sources_release(&files->sources, split->handle);
        if (files->what.decoder)
            chains_note_range(&files->chains, -1);
        break;
    }
}

/* ---- The input ------------------------------------------------------------------------------- */

/* As struct mr_input has it. The size is what the FILEs have just now: more or less may come. */
static int begin(struct mr_input *input, const struct input_engine *engine, struct mr_error *error)
{
    struct files *files = input->reader.context;
    if (open_parts(files, engine, error) != 0)
        return -1;
    input->reader.size = sources_survey(&files->sources, SURVEY_NAMES, false);
    if (files->what.decoder && !files->what.ordered && !files->cuts.last_from)
        sources_order(&files->sources, SURVEY_NAMES);
    return 0;
}

/* Opens few FILEs, to see whether one of them is decoded: what is small then may become any amount
 * of text. Returns whether none is. */
static bool all_plain(struct files *files)
{
    if (files->what.ordered || files->cuts.last_from)
        return false;
    while (!files->no_more && files->ahead_count < SMALL_NAMES) {
        if (take_next(files, false, &files->failure) != 0)
            return false;
        if (files->waiting || files->waiting_source || files->chains.count > 0)
            return false;
    }
    return files->no_more;
}

static bool look_whether_small(struct files *files, struct mr_reader *reader)
{
    if (files->what.next_name)
        return false;
    if (files->what.count > 1)
        return sources_survey(&files->sources, SMALL_NAMES, true) <= SMALL_BYTES &&
               (!files->what.decoder || all_plain(files));
    const uint64_t deadline = thread_now() + SMALL_WAIT;
    int rc = begin_next(files, deadline, &files->failure);
    if (rc != 1)
        return rc == 0;
    const struct source *source = files->splitter.source ? files->splitter.source : files->streamed;
    if (!source)
        return false;
    reader->size = source->regular ? source->size - source->start : MR_UNKNOWN;
    if (source->regular)
        return reader->size <= SMALL_BYTES;
    return block_stream_probe(&files->stream, deadline, NULL) == 1;
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
