/* SPDX-License-Identifier: MIT
 *
 * value_runs - making, merging and reading runs (see value_runs.h).
 */
#include "engine/reduce/value_runs.h"

#include "engine/combine/combine_partition.h"
#include "engine/reduce/key_stream.h"
#include "engine/reduce/value_sort.h"
#include "engine/shuffle/stores.h"

#include <stdlib.h>

/* What a value takes in the list, and half as much again to sort it. */
#define LISTED (sizeof(struct mr_bytes) + sizeof(struct mr_bytes) / 2)
/* Runs merged at a time at the most, and the part of the share that reading them may take. */
#define MOST_MERGED 256
#define MERGED_SHARE 2
/* There are 2^MOST_BITS runs at the most: of more values each is longer. */
#define MOST_BITS 14u

static const struct record_form form = {.kind = RECORD_BYTES};

/* ---- Writing one run ------------------------------------------------------------------------- */

/* A run's open chunk, which is filled from its end, so that what is written last is read first here
 * too. */
struct run_writer {
    struct worker *worker;
    struct partition *run;
    struct chunk *chunk;
    size_t left; /* bytes of it */
};

static void push_chunk(struct run_writer *writer, struct chunk *chunk)
{
    thread_lock(&writer->run->lock);
    stream_push(&writer->run->fresh, chunk);
    thread_unlock(&writer->run->lock);
}

static void end_chunk(struct run_writer *writer)
{
    struct chunk *chunk = writer->chunk;
    if (!chunk)
        return;
    chunk->used = POOL_CAPACITY - writer->left;
    memmove(chunk->data, chunk->data + writer->left, chunk->used);
    push_chunk(writer, chunk);
    writer->chunk = NULL;
    writer->left = 0;
}

static void put_record(unsigned char *at, const struct mr_bytes *value)
{
    record_put_bytes(record_put_head(at, 0, false), value->data, value->size);
}

static int write_value(struct run_writer *writer, const struct mr_bytes *value)
{
    unsigned char number[RECORD_NUMBER_MAX];
    const size_t head = 1 + (size_t)(record_put_number(number, value->size) - number);
    const size_t size = head + value->size;
    if (size > POOL_CAPACITY) {
        end_chunk(writer);
        struct chunk *large = spill_chunk(writer->worker, size, POOL_IF_LEFT);
        if (!large)
            return -1;
        put_record(large->data, value);
        large->used = size;
        large->records = 1;
        push_chunk(writer, large);
        return 0;
    }
    if (!writer->chunk || size > writer->left) {
        end_chunk(writer);
        writer->chunk = spill_chunk(writer->worker, size, POOL_IF_LEFT);
        if (!writer->chunk)
            return -1;
        writer->left = POOL_CAPACITY;
    }
    writer->left -= size;
    writer->chunk->records++;
    put_record(writer->chunk->data + writer->left, value);
    return 0;
}

/* Begins a run of the set. */
static void begin_run(struct run_writer *writer, struct worker *worker, struct value_run_set *set)
{
    *writer = (struct run_writer){.worker = worker, .run = &set->runs.array[set->count++]};
}

/* ---- The first runs -------------------------------------------------------------------------- */

/* How many runs are merged at a time. */
static size_t merged(const struct value_runs *runs)
{
    const uint64_t each = SPILL_WINDOW + POOL_CHUNK + 2 * (uint64_t)runs->largest;
    const uint64_t count = runs->share / MERGED_SHARE / each;
    return count > MOST_MERGED ? MOST_MERGED : count < 2 ? 2 : (size_t)count;
}

/* Mergings until that many runs can be read as one. */
static unsigned mergings(size_t count, size_t at_a_time)
{
    unsigned passes = 0;
    for (; count > at_a_time; count = (count + at_a_time - 1) / at_a_time)
        passes++;
    return passes;
}

static int open_set(struct value_runs *runs, struct value_run_set *set, unsigned bits)
{
    if (partitions_open(&set->runs, bits, form, false) != 0) {
        context_no_memory(runs->worker->context);
        return -1;
    }
    set->runs.stacked = true;
    spill_scope_begin(&set->scope, runs->worker, &set->runs);
    return 0;
}

int value_runs_open(struct value_runs *runs, struct worker *worker, struct mr_buffer *room,
                    uint64_t count, uint64_t bytes, uint64_t share)
{
    *runs = (struct value_runs){.worker = worker, .room = room, .share = share};
    /* Two runs together are more than a room, since the one was ended for the next one's first
     * value. */
    const uint64_t all = bytes + count * LISTED;
    const uint64_t longest = all >> (MOST_BITS - 2);
    const size_t size = aligned_up((size_t)(longest > share ? longest : share));
    unsigned bits = 1;
    while ((uint64_t)1 << bits < 2 * (all / size) + 2)
        bits++;
    buffer_close(room);
    runs->usual_size = size;
    /* As the values are likely to make them; where they do not, one merging more changes the
     * direction. */
    runs->rising = mergings((size_t)(all / size) + 1, merged(runs)) % 2 == 0;
    return open_set(runs, &runs->sets[0], bits) != 0 ? -1 : open_set(runs, &runs->sets[1], bits);
}

/* Makes the values in the room a run. */
static int end_run(struct value_runs *runs)
{
    const struct context *context = runs->worker->context;
    struct run_writer writer;
    size_t used;
    unsigned char *room = mr_buffer_data(runs->room, &used);
    struct mr_bytes *list = (struct mr_bytes *)(void *)(room + runs->room_size) - runs->list_count;
    value_sort_list(context, list, runs->list_count,
                    (struct mr_bytes *)(void *)(room + runs->values_size));
    begin_run(&writer, runs->worker, &runs->sets[0]);
    int result = 0;
    for (size_t i = 0; result == 0 && i < runs->list_count; i++)
        result = write_value(&writer, &list[runs->rising ? runs->list_count - 1 - i : i]);
    end_chunk(&writer);
    runs->values_size = runs->list_count = 0;
    return context_stopped(runs->worker->context) ? -1 : result;
}

int value_runs_add(struct value_runs *runs, const struct mr_bytes *value)
{
    const size_t size = aligned_up(value->size);
    const size_t wanted = runs->values_size + size + (runs->list_count + 1) * LISTED;
    if (wanted > runs->room_size && runs->list_count > 0) {
        if (end_run(runs) != 0)
            return -1;
    }
    unsigned char *room;
    if (runs->list_count == 0) {
        /* One value may take more than the room should. */
        const size_t least = size + aligned_up(LISTED);
        runs->room_size = least > runs->usual_size ? least : runs->usual_size;
        buffer_trim(runs->room, runs->usual_size + MR_PAD);
        room = mr_buffer_reserve(runs->room, runs->room_size);
        if (!room) {
            context_no_memory(runs->worker->context);
            return -1;
        }
    } else {
        room = runs->room->data;
    }
    memcpy(room + runs->values_size, value->data, value->size);
    struct mr_bytes *list = (struct mr_bytes *)(void *)(room + runs->room_size);
    list[-1 - (ptrdiff_t)runs->list_count++] =
        (struct mr_bytes){.data = room + runs->values_size, .size = value->size};
    runs->values_size += size;
    if (value->size > runs->largest)
        runs->largest = value->size;
    return 0;
}

/* ---- Merging --------------------------------------------------------------------------------- */

/* Goes on to the next value of a run. False at its end, or when the job fails. */
static bool step(struct worker *worker, struct value_cursor *cursor)
{
    if (cursor->at == cursor->end) {
        const struct chunk *chunk =
            context_stopped(worker->context) ? NULL : stream_reader_next(&cursor->reader);
        if (!chunk)
            return false;
        cursor->at = chunk->data;
        cursor->end = chunk->data + chunk->used;
    }
    struct record record;
    const unsigned char *start = cursor->at;
    cursor->at = record_get(start, RECORD_BYTES, 0, &record);
    const bool alone = (size_t)(cursor->at - start) > POOL_CAPACITY;
    cursor->value.size = record.value_size;
    cursor->value.data = key_stream_align(worker, &record, alone, &cursor->copy);
    return cursor->value.data != NULL;
}

/* Whether the value of a run comes before that of another. */
static bool is_before(const struct value_runs *runs, const struct value_cursor *a,
                      const struct value_cursor *b)
{
    const int result = value_sort_compare(runs->worker->context, &a->value, &b->value);
    return runs->rising ? result < 0 : result > 0;
}

/* Moves what is at a place of the heap down to where it belongs. */
static void sink(struct value_runs *runs, size_t place)
{
    struct value_cursor **heap = runs->heap, *moved = heap[place];
    for (size_t next; (next = 2 * place + 1) < runs->heap_count; place = next) {
        if (next + 1 < runs->heap_count && is_before(runs, heap[next + 1], heap[next]))
            next++;
        if (!is_before(runs, heap[next], moved))
            break;
        heap[place] = heap[next];
    }
    heap[place] = moved;
}

/* Ends reading runs, and gives back what is left of them. */
static void close_cursors(struct value_runs *runs)
{
    for (size_t i = 0; i < runs->cursor_count; i++) {
        struct value_cursor *cursor = &runs->cursors[i];
        (void)stream_reader_close(&cursor->reader);
        stream_drop(&cursor->stream, &runs->worker->cache);
        buffer_close(&cursor->copy);
    }
    free(runs->cursors);
    free(runs->heap);
    runs->cursors = NULL;
    runs->heap = NULL;
    runs->cursor_count = runs->heap_count = 0;
}

/* Begins to read `count` runs of the set from number `first` on as one. */
static int open_cursors(struct value_runs *runs, struct value_run_set *set, size_t first,
                        size_t count)
{
    struct worker *worker = runs->worker;
    /* What is on disk already says that others need the memory more. */
    const bool spill =
        atomic_load_explicit(&worker->stores->spill.written, memory_order_relaxed) > 0;
    runs->cursors = calloc(count + 1, sizeof *runs->cursors);
    /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    runs->heap = calloc(count + 1, sizeof *runs->heap);
    if (!runs->cursors || !runs->heap) {
        context_no_memory(worker->context);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct value_cursor *cursor = &runs->cursors[i];
        if (spill && spill_partition(worker, &set->runs, first + i) != 0)
            return -1;
        partition_take(&set->runs.array[first + i], &cursor->stream);
        stream_reader_open(&cursor->reader, worker, &cursor->stream, true);
        buffer_open(&cursor->copy, worker->context->budget);
        runs->cursor_count = i + 1;
        if (step(worker, cursor))
            runs->heap[runs->heap_count++] = cursor;
    }
    for (size_t place = runs->heap_count / 2; place-- > 0;)
        sink(runs, place);
    runs->begun = false;
    return context_stopped(worker->context) ? -1 : 0;
}

bool value_runs_next(struct value_runs *runs, struct mr_bytes *value)
{
    if (runs->begun && runs->heap_count > 0) {
        if (!step(runs->worker, runs->heap[0]))
            runs->heap[0] = runs->heap[--runs->heap_count];
        if (runs->heap_count > 0)
            sink(runs, 0);
    }
    runs->begun = true;
    const struct value_cursor *first = runs->heap_count > 0 ? runs->heap[0] : NULL;
    if (!first || context_stopped(runs->worker->context))
        return false;
    *value = first->value;
    return true;
}

/* Makes one run of some of the others. */
static int merge_some(struct value_runs *runs, size_t first, size_t count)
{
    struct run_writer writer;
    struct mr_bytes value;
    int result = open_cursors(runs, &runs->sets[runs->now], first, count);
    begin_run(&writer, runs->worker, &runs->sets[runs->now ^ 1]);
    while (result == 0 && value_runs_next(runs, &value))
        result = write_value(&writer, &value);
    end_chunk(&writer);
    close_cursors(runs);
    return context_stopped(runs->worker->context) ? -1 : result;
}

/* Merges all runs to fewer, which are read in the other direction. */
static int merge_all(struct value_runs *runs, size_t at_a_time)
{
    struct value_run_set *set = &runs->sets[runs->now];
    runs->sets[runs->now ^ 1].count = 0;
    for (size_t first = 0; first < set->count; first += at_a_time) {
        const size_t left = set->count - first;
        if (merge_some(runs, first, left < at_a_time ? left : at_a_time) != 0)
            return -1;
    }
    runs->now ^= 1;
    runs->rising = !runs->rising;
    return 0;
}

int value_runs_merge(struct value_runs *runs)
{
    if (runs->list_count > 0 && end_run(runs) != 0)
        return -1;
    buffer_close(runs->room);
    const size_t at_a_time = merged(runs);
    while (runs->sets[runs->now].count > at_a_time || !runs->rising)
        if (merge_all(runs, at_a_time) != 0)
            return -1;
    return open_cursors(runs, &runs->sets[runs->now], 0, runs->sets[runs->now].count);
}

void value_runs_close(struct value_runs *runs)
{
    close_cursors(runs);
    for (size_t i = 2; i-- > 0;) {
        struct value_run_set *set = &runs->sets[i];
        if (!set->runs.array)
            continue;
        spill_scope_end(&set->scope, runs->worker);
        stores_drop(&set->runs, &runs->worker->cache);
        partitions_close(&set->runs);
    }
}
