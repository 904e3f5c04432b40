/* SPDX-License-Identifier: MIT
 *
 * splitter - ranges of regular files (see splitter.h).
 */
#include "engine/input/splitter.h"

#include "base/test_hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"

/* Ranges are read whole, into a buffer that is used again and again and should stay in the core's
 * cache. From 64 KiB to 1 MiB the size made no difference to speed at few threads; many threads
 * meet at the queue less often with larger ones. */
#define LEAST_STEP ((size_t)64 * 1024)
#define USUAL_STEP ((size_t)256 * 1024)
#define LARGE_STEP ((size_t)1024 * 1024)
#define MANY_THREADS 32

/* Read along with a range, as the first safe cut behind it is mostly near. */
#define AHEAD ((size_t)256)
/* Whether there is a cut may follow from the characters on its two sides: bytes before it, and
 * behind the one that it stands before, which whoever searches has in view. */
#define VIEW_BEFORE UTF8_MOST
#define VIEW_BEHIND (UTF8_MOST - 1)
/* What need not be held whole is read in pieces of this size. */
#define CONDENSE_SIZE ((size_t)64 * 1024)
/* One read is of no more than this, so that an interruption is seen in time. */
#define READ_SIZE ((size_t)16 * 1024 * 1024)

void splitter_open(struct splitter *splitter, const struct mr_cuts *cuts, struct sources *sources,
                   unsigned threads)
{
    *splitter = (struct splitter){.cuts = cuts, .sources = sources, .threads = threads};
    splitter->most = threads >= MANY_THREADS ? LARGE_STEP : USUAL_STEP;
}

/* A file should give each worker several ranges, where that leaves them large enough. */
static size_t choose_step(const struct splitter *splitter, uint64_t bytes)
{
    if (test_hooks.split_size > 0)
        return test_hooks.split_size;
    uint64_t step = bytes / (splitter->threads > 0 ? splitter->threads : 1) / 4;
    if (step >= splitter->most)
        return splitter->most;
    return step > LEAST_STEP ? (size_t)step / 4096 * 4096 : LEAST_STEP;
}

void splitter_begin(struct splitter *splitter, struct source *source)
{
    splitter->source = source;
    splitter->at = source->start;
    splitter->size = source->size;
    splitter->step = choose_step(splitter, source->size - source->start);
}

bool splitter_next(struct splitter *splitter, struct mr_split *split)
{
    struct source *source = splitter->source;
    if (splitter->at >= splitter->size) {
        sources_release(splitter->sources, source);
        splitter->source = NULL;
        return false;
    }
    uint64_t left = splitter->size - splitter->at;
    if (left <= splitter->step && splitter->at > source->start) {
        /* A file that grew meanwhile is cut up further, lest the last range become huge. */
        struct stat st;
        if (fstat(source->fd, &st) == 0 && st.st_size > 0 &&
            (uint64_t)st.st_size > splitter->size) {
            splitter->size = (uint64_t)st.st_size;
            left = splitter->size - splitter->at;
        }
    }
    uint64_t length = left < splitter->step ? left : splitter->step;
    *split = (struct mr_split){
        .length = length,
        .offset = splitter->at,
        .number = source->number,
        .handle = source,
    };
    splitter->at += length;
    if (splitter->at < splitter->size) {
        source_retain(source);
    } else {
        /* The last range knows by this that it goes on to the end of the file. */
        atomic_store(&source->end, splitter->at);
        splitter->source = NULL;
    }
    return true;
}

/* A range while it is loaded. */
struct load {
    const struct splitter *splitter;
    struct source *source;
    struct mr_buffer *buffer;
    uint64_t begin; /* where in the file the buffer's first byte is from */
    unsigned char *data;
    size_t size;
    bool ended; /* the file ends with these bytes */
};

/* Reads up to `size` bytes of the file from `at` on. Fewer come at the end of the file, after an
 * interruption and after a failure, which is told. */
static size_t read_at(const struct load *load, unsigned char *room, uint64_t at, size_t size)
{
    size_t read = 0;
    while (read < size && !atomic_load(&load->splitter->sources->interrupted)) {
        size_t want = size - read < READ_SIZE ? size - read : READ_SIZE;
        ssize_t got = pread(load->source->fd, room + read, want, (off_t)(at + read));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            sources_fault(load->splitter->sources, load->source, errno);
        if (got <= 0)
            break;
        read += (size_t)got;
    }
    return read;
}

/* Room for `size` bytes behind those that are there, or NULL with *error filled. */
static unsigned char *make_room(struct load *load, size_t size, struct mr_error *error)
{
    unsigned char *room =
        size <= SIZE_MAX / 2 ? mr_buffer_reserve(load->buffer, size + MR_PAD) : NULL;
    if (!room)
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory: no room to read %zu bytes at once",
                     load->size + size);
    return room;
}

/* Reads `more` bytes behind those that are there; fewer end the file. Returns -1 only when memory
 * is out. */
static int read_more(struct load *load, size_t more, struct mr_error *error)
{
    unsigned char *room = make_room(load, more, error);
    size_t read = 0;
    if (!room)
        return -1;
    if (!load->ended)
        read = read_at(load, room, load->begin + load->size, more);
    load->ended = read < more;
    /* There must be bytes there, and nobody should see uninitialised ones. */
    memset(room + read, 0, MR_PAD);
    mr_buffer_commit(load->buffer, read);
    load->data = mr_buffer_data(load->buffer, &load->size);
    return 0;
}

/* Finds the first safe cut at or after data[from] (from > 0), reading on until there is one or the
 * file ends: then that is the cut. Whoever searches sees all that a cut follows from before going
 * past, so that the range that ends there and the one that begins there find the same. Returns 1
 * where there is none in the next `most` bytes. */
static int find_cut(struct load *load, size_t from, size_t most, size_t *cut,
                    struct mr_error *error)
{
    const struct mr_cuts *cuts = load->splitter->cuts;
    size_t searched = from;
    size_t more = AHEAD;
    size_t base = from > VIEW_BEFORE ? from - VIEW_BEFORE : 0;
    for (;;) {
        if (load->size > searched) {
            size_t found =
                cuts->first(cuts->context, load->data + base, load->size - base, searched - base);
            if (found < load->size - base) {
                *cut = base + found;
                return 0;
            }
            if (load->size > from + VIEW_BEHIND)
                searched = load->size - VIEW_BEHIND;
        }
        if (load->ended) {
            *cut = load->size;
            return 0;
        }
        if (load->size - from >= most)
            return 1;
        /* In steps that grow as what has been read: the sum stays linear. */
        more = more < load->size - base ? load->size - base : more;
        if (read_more(load, more, error) != 0)
            return -1;
    }
}

/* As find_cut, but for cuts in [from, to) only, and reads nothing: `to` where there is none. */
static size_t find_cut_within(const struct load *load, size_t from, size_t to)
{
    const struct mr_cuts *cuts = load->splitter->cuts;
    size_t base = from > VIEW_BEFORE ? from - VIEW_BEFORE : 0;
    size_t view = load->size - to > VIEW_BEHIND ? to + VIEW_BEHIND : load->size;
    size_t cut = base + cuts->first(cuts->context, load->data + base, view - base, from - base);
    return cut < to ? cut : to;
}

/* The split ends at `from`: what stands from there to the next cut is not held whole but read piece
 * by piece, and becomes the context of the split, in the buffer behind all that is there. */
static int condense(struct load *load, size_t from, struct mr_split *split, struct mr_error *error)
{
    const struct mr_cuts *cuts = load->splitter->cuts;
    const size_t here = load->size;
    struct mr_condense state = {.words = {0}};
    uint64_t at = load->begin + from;
    size_t size, used = 0;
    bool more = true;

    while (more) {
        unsigned char *room = make_room(load, CONDENSE_SIZE + MR_CONDENSE_END, error);
        if (!room)
            return -1;
        size = read_at(load, room, at, CONDENSE_SIZE);
        at += size;
        more = size == CONDENSE_SIZE;
        if (cuts->condense(cuts->context, &state, room, size, &size) > 0)
            more = false;
        if (!more)
            size += cuts->condense_end(cuts->context, &state, room + size);
        used += size;
        mr_buffer_commit(load->buffer, size);
    }
    load->data = mr_buffer_data(load->buffer, &(size_t){0});
    split->context = load->data + here;
    split->context_size = used;
    return 0;
}

/* A split that is loaded and looks back. */
struct past {
    struct mr_lookback lookback;
    struct load *load;
    size_t start; /* of the split, in the buffer */
    struct mr_error *error;
};

/* As struct mr_lookback's read. What stands before the range is read behind all else in the
 * buffer. */
static long read_past(struct mr_lookback *lookback, uint64_t back, size_t size,
                      const unsigned char **data)
{
    struct past *past = (struct past *)lookback;
    struct load *load = past->load;
    const uint64_t begin = load->begin + past->start - back - load->source->start;
    size_t most = begin < size ? (size_t)begin : size;
    unsigned char *room = make_room(load, most, past->error);

    if (!room)
        return -1;
    if (read_at(load, room, load->source->start + begin - most, most) < most)
        most = 0; /* the file was cut short: nothing is known to stand before */
    memset(room + most, 0, MR_PAD);
    *data = room;
    return (long)most;
}

/* Gives the split [start, end) its context, which is kept behind it in the buffer. */
static int add_context(struct load *load, size_t start, size_t end, struct mr_split *split,
                       struct mr_error *error)
{
    const struct mr_cuts *cuts = load->splitter->cuts;
    struct past past = {
        .lookback = {.read = read_past, .piece = load->data + start, .piece_size = end - start},
        .load = load,
        .start = start,
        .error = error,
    };
    unsigned char *context, *room;
    size_t size;

    if (cuts->context_of(cuts->context, &past.lookback, &context, &size, error) != 0)
        return -1;
    if (context) {
        room = make_room(load, size, error);
        if (room)
            memcpy(room, context, size);
        free(context);
        if (!room)
            return -1;
        split->context = room;
        split->context_size = size;
    }
    load->data = mr_buffer_data(load->buffer, &load->size);
    return 0;
}

int splitter_load(const struct splitter *splitter, struct mr_split *split,
                  struct mr_buffer *scratch, struct mr_error *error)
{
    const struct mr_cuts *cuts = splitter->cuts;
    struct source *source = split->handle;
    bool last = atomic_load(&source->end) == split->offset + split->length;
    /* The first byte of the file is a cut. */
    uint64_t past = split->offset - source->start;
    size_t before = past < VIEW_BEFORE ? (size_t)past : VIEW_BEFORE;
    size_t length = before + (size_t)split->length;
    size_t step = (size_t)split->length;
    struct load load = {
        .splitter = splitter,
        .source = source,
        .buffer = scratch,
        .begin = split->offset - before,
    };
    split->data = NULL;
    split->size = 0;
    mr_buffer_clear(scratch);
    if (read_more(&load, length + (step < AHEAD ? step + VIEW_BEHIND : AHEAD), error) != 0)
        return -1;

    size_t start = 0;
    size_t end = load.size;
    if (last) {
        /* Whatever the file holds from here on, even if it has grown. */
        for (size_t more = length; !load.ended; more = load.size) {
            if (read_more(&load, more, error) != 0)
                return -1;
        }
        end = load.size;
        atomic_store(&source->reached, load.begin + end);
    }
    if (before > 0) {
        size_t to = last || load.size < length ? load.size : length;
        start = to > before ? find_cut_within(&load, before, to) : to;
        if (start >= to)
            start = end; /* an earlier range carries these bytes on */
    }
    split->context = NULL;
    split->context_size = 0;
    if (!last && start < end) {
        size_t most = cuts->condense ? step : SIZE_MAX;
        int rc = find_cut(&load, length, most, &end, error);
        if (rc == 1) {
            end = start + cuts->last(cuts->context, load.data + start, length - start);
            rc = condense(&load, end, split, error);
        }
        if (rc != 0)
            return -1;
    }
    if (start < end && load.begin + start > source->start && cuts->context_of &&
        add_context(&load, start, end, split, error) != 0)
        return -1;
    split->data = load.data + start;
    split->size = end - start;
    split->offset = load.begin + start - source->skip;
    return 0;
}
