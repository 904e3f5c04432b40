/* SPDX-License-Identifier: MIT
 *
 * output - pieces made in parallel, put out one after the other (see output.h).
 */
#include "engine/order/output.h"

#include "engine/order/payloads.h"

#include <errno.h>
#include <stdlib.h>

/* Records handed to an encode callback at a time. */
#define BATCH 256
/* So many records ahead one is prefetched: sorted, they lie anywhere. */
#define AHEAD 16
/* Buffers larger than this are not kept for the next piece, nor more of them than a part of the
 * memory. */
#define KEEP ((size_t)8 << 20)
#define KEEP_SHARE 16
/* Pieces that hold more of the memory than this keep those behind them from being made. */
#define WAITING_SHARE 8
/* Pieces of an unordered output that may wait, besides one that each worker is about to make: they
 * may be small, a partition's results each. A task begins when half of that is left. */
#define UNORDERED_WINDOW 256

int output_open(struct output *output, struct context *context, void (*woken)(void *owner),
                void *owner)
{
    const struct mr_writer *out = &context->writer;
    const size_t workers = context->worker_count;
    *output =
        (struct output){.context = context,
                        .woken = woken,
                        .owner = owner,
                        .positional = out->encode && out->positional,
                        .window = context->spec.order == MR_ORDER_NONE ? workers + UNORDERED_WINDOW
                                                                       : 2 * workers + 2};
    output->pieces = calloc(output->window, sizeof *output->pieces);
    output->spare = calloc(output->window, sizeof *output->spare);
    int error = output->pieces && output->spare ? thread_mutex_open(&output->lock) : ENOMEM;
    if (error != 0)
        goto no_lock;
    error = thread_cond_open(&output->ready);
    if (error != 0)
        goto no_ready;
    for (size_t i = 0; i < output->window; i++)
        buffer_open(&output->pieces[i].buffer, context->budget);
    return 0;

no_ready:
    thread_mutex_close(&output->lock);
no_lock:
    free(output->pieces);
    free(output->spare);
    return error;
}

void output_empty(struct output *output, struct pool_cache *cache)
{
    for (size_t i = 0; i < output->window; i++) {
        buffer_close(&output->pieces[i].buffer);
        pool_give(cache, output->pieces[i].chunks);
        output->pieces[i].chunks = NULL;
    }
    for (size_t i = 0; i < output->spares; i++)
        buffer_close(&output->spare[i]);
    output->spares = 0;
    output->spare_bytes = 0;
}

void output_close(struct output *output)
{
    free(output->pieces);
    free(output->spare);
    thread_cond_close(&output->ready);
    thread_mutex_close(&output->lock);
}

bool output_may_begin(const struct output *output, size_t number)
{
    const size_t ahead = number - atomic_load_explicit(&output->next, memory_order_relaxed);
    return ahead == 0 || (ahead < output->window &&
                          atomic_load_explicit(&output->waiting, memory_order_relaxed) <=
                              output->context->budget->limit / WAITING_SHARE);
}

/* Whether less than so much waits. */
static bool less_waits(const struct output *output, size_t pieces, uint64_t bytes)
{
    const size_t next = atomic_load_explicit(&output->next, memory_order_relaxed);
    return atomic_load_explicit(&output->made, memory_order_relaxed) - next < pieces &&
           atomic_load_explicit(&output->waiting, memory_order_relaxed) < bytes;
}

bool output_has_room(const struct output *output)
{
    return output->positional ||
           less_waits(output, UNORDERED_WINDOW, output->context->budget->limit / WAITING_SHARE);
}

bool output_may_reduce(const struct output *output)
{
    return output->positional || less_waits(output, UNORDERED_WINDOW / 2,
                                            output->context->budget->limit / WAITING_SHARE / 2);
}

static void fill_record(const unsigned char *at, struct mr_record *out)
{
    struct record record;
    record_get(at, RECORD_RESULT, 0, &record);
    *out = (struct mr_record){.key = record.key,
                              .key_size = record.size,
                              .rank = record.number,
                              .payload = record.value,
                              .payload_size = record.value_size};
}

/* Encodes records into `buffer`; `copies` is for their payloads. */
static int encode(struct context *context, struct mr_record *records, size_t count,
                  struct mr_buffer *buffer, struct mr_buffer *copies)
{
    const struct mr_writer *out = &context->writer;
    const size_t size = payloads_room(records, count);
    if (size > 0) {
        mr_buffer_clear(copies);
        unsigned char *room = mr_buffer_reserve(copies, size);
        if (!room) {
            context_no_memory(context);
            return -1;
        }
        payloads_copy(records, count, room);
    }
    struct mr_error error = {0};
    if (out->encode(out->context, records, count, buffer, &error) == 0)
        return 0;
    context_fail_with(context, MR_OUTPUT, &error, "the results could not be encoded");
    return -1;
}

/* Adds records to a list that collect will get. */
static int list(struct context *context, const struct mr_record *records, size_t count,
                struct mr_buffer *buffer)
{
    unsigned char *room = mr_buffer_reserve(buffer, count * sizeof *records);
    if (!room) {
        context_no_memory(context);
        return -1;
    }
    memcpy(room, records, count * sizeof *records);
    mr_buffer_commit(buffer, count * sizeof *records);
    return 0;
}

/* Ends the list. Copies of payloads lie behind it, in what is not used of the buffer. */
static int end_list(struct context *context, struct mr_buffer *buffer)
{
    const size_t count = buffer->used / sizeof(struct mr_record);
    const size_t size = payloads_room((struct mr_record *)(void *)buffer->data, count);
    if (size == 0)
        return 0;
    unsigned char *room = mr_buffer_reserve(buffer, size);
    if (!room) {
        context_no_memory(context);
        return -1;
    }
    payloads_copy((struct mr_record *)(void *)buffer->data, count, room);
    return 0;
}

/* Encodes the records, or lists them for collect, into `buffer`. */
static int make_piece(struct context *context, const unsigned char *const *at, size_t count,
                      struct mr_buffer *buffer)
{
    const bool encodes = context->writer.encode != NULL;
    struct mr_record records[BATCH];
    struct mr_buffer copies;
    int result = 0;
    buffer_open(&copies, context->budget);
    for (size_t start = 0; result == 0 && start < count; start += BATCH) {
        const size_t n = count - start < BATCH ? count - start : BATCH;
        for (size_t i = 0; i < n; i++) {
            if (start + i + AHEAD < count)
                __builtin_prefetch(at[start + i + AHEAD]);
            fill_record(at[start + i], &records[i]);
        }
        result = encodes ? encode(context, records, n, buffer, &copies)
                         : list(context, records, n, buffer);
        if (context_stopped(context))
            result = -1;
    }
    buffer_close(&copies);
    return result != 0 || encodes ? result : end_list(context, buffer);
}

/* Puts one piece out. */
static int write_piece(struct context *context, struct output_piece *piece, uint64_t offset)
{
    const struct mr_writer *out = &context->writer;
    struct mr_error error = {0};
    size_t size;
    const unsigned char *bytes = mr_buffer_data(&piece->buffer, &size);
    if (size == 0 || context_stopped(context))
        return 0;
    const struct mr_record *records = (const struct mr_record *)(const void *)bytes;
    int result = out->encode
                     ? out->write(out->context, bytes, size, offset, &error)
                     : out->collect(out->context, records, size / sizeof(struct mr_record), &error);
    if (result != 0)
        context_fail_with(context, MR_OUTPUT, &error, "the results could not be put out");
    return result;
}

/* Keeps a buffer for a later piece, or frees it; the lock is held. */
static void spare_buffer(struct output *output, struct mr_buffer *buffer)
{
    const uint64_t most = output->context->budget->limit / KEEP_SHARE;
    buffer_trim(buffer, KEEP);
    if (buffer->data && output->spares < output->window &&
        output->spare_bytes + buffer->size <= most) {
        output->spare_bytes += buffer->size;
        output->spare[output->spares++] = *buffer;
    } else {
        buffer_close(buffer);
    }
}

/* Takes the next piece where it is in place; the lock is held. *offset is its place. */
static bool take_piece(struct output *output, struct output_piece *piece, uint64_t *offset)
{
    const size_t next = atomic_load_explicit(&output->next, memory_order_relaxed);
    struct output_piece *place = &output->pieces[next % output->window];
    if (!place->present)
        return false;
    *piece = *place;
    buffer_open(&place->buffer, output->context->budget);
    place->present = false;
    place->chunks = NULL;
    *offset = output->offset;
    output->offset += piece->buffer.used;
    return true;
}

/* Makes the piece after the next the next one. */
static void pass_piece(struct output *output, const struct output_piece *piece)
{
    atomic_fetch_sub_explicit(&output->waiting, piece->bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&output->next, 1, memory_order_relaxed);
}

void output_write(struct output *output, struct pool_cache *cache, bool waits)
{
    struct output_piece piece;
    uint64_t offset;
    thread_lock(&output->lock);
    while (!context_stopped(output->context)) {
        if (output->positional || !take_piece(output, &piece, &offset)) {
            if (output->ended || !waits)
                break;
            thread_wait(&output->ready, &output->lock);
            continue;
        }
        thread_unlock(&output->lock);
        (void)write_piece(output->context, &piece, offset);
        pool_give(cache, piece.chunks);
        thread_lock(&output->lock);
        pass_piece(output, &piece);
        spare_buffer(output, &piece.buffer);
        thread_unlock(&output->lock);
        output->woken(output->owner);
        thread_lock(&output->lock);
    }
    thread_unlock(&output->lock);
}

void output_end(struct output *output)
{
    thread_lock(&output->lock);
    output->ended = true;
    thread_wake_all(&output->ready);
    thread_unlock(&output->lock);
}

/* Writes the pieces that are next and in place where they belong; the lock is held. Others may do
 * the same for those behind them. */
static int write_positional(struct output *output)
{
    struct output_piece piece;
    uint64_t offset;
    int result = 0;
    while (take_piece(output, &piece, &offset)) {
        pass_piece(output, &piece);
        thread_unlock(&output->lock);
        if (write_piece(output->context, &piece, offset) != 0)
            result = -1;
        thread_lock(&output->lock);
        spare_buffer(output, &piece.buffer);
        thread_unlock(&output->lock);
        output->woken(output->owner);
        thread_lock(&output->lock);
    }
    return result;
}

/* Makes a piece of records, whose chunks pass to it. Returns -1 when the job fails. */
static int open_piece(struct output *output, struct pool_cache *cache,
                      const unsigned char *const *at, size_t count, struct chunk *chunks,
                      struct output_piece *piece)
{
    struct context *context = output->context;
    *piece = (struct output_piece){.chunks = chunks, .present = true};
    buffer_open(&piece->buffer, context->budget);
    thread_lock(&output->lock);
    if (output->spares > 0) {
        piece->buffer = output->spare[--output->spares];
        output->spare_bytes -= piece->buffer.size;
    }
    thread_unlock(&output->lock);

    int result = make_piece(context, at, count, &piece->buffer);
    if (result != 0)
        buffer_close(&piece->buffer);
    else
        atomic_fetch_add_explicit(&context->results, count, memory_order_relaxed);
    if (result != 0 || context->writer.encode) {
        pool_give(cache, chunks);
        piece->chunks = NULL;
    }
    piece->bytes = piece->buffer.size;
    for (const struct chunk *chunk = piece->chunks; chunk; chunk = chunk->next)
        piece->bytes += chunk->capacity;
    return result;
}

/* Puts a piece in its place for the writer; the lock is held. */
static void place_piece(struct output *output, size_t number, const struct output_piece *piece)
{
    output->pieces[number % output->window] = *piece;
    atomic_fetch_add_explicit(&output->waiting, piece->bytes, memory_order_relaxed);
    if (number == atomic_load_explicit(&output->next, memory_order_relaxed))
        thread_wake_all(&output->ready);
}

int output_put(struct output *output, struct pool_cache *cache, size_t number,
               const unsigned char *const *at, size_t count, struct chunk *chunks)
{
    struct output_piece piece;
    if (open_piece(output, cache, at, count, chunks, &piece) != 0)
        return -1;
    thread_lock(&output->lock);
    place_piece(output, number, &piece);
    int result = output->positional ? write_positional(output) : 0;
    thread_unlock(&output->lock);
    return result;
}

int output_put_unordered(struct output *output, struct pool_cache *cache,
                         const unsigned char *const *at, size_t count, struct chunk *chunks)
{
    struct output_piece piece;
    int result = 0;
    if (open_piece(output, cache, at, count, chunks, &piece) != 0)
        return -1;
    thread_lock(&output->lock);
    if (output->positional) {
        const uint64_t offset = output->offset;
        output->offset += piece.buffer.used;
        thread_unlock(&output->lock);
        result = write_piece(output->context, &piece, offset);
        thread_lock(&output->lock);
        spare_buffer(output, &piece.buffer);
    } else {
        place_piece(output, atomic_fetch_add_explicit(&output->made, 1, memory_order_relaxed),
                    &piece);
    }
    thread_unlock(&output->lock);
    return result;
}
