/* SPDX-License-Identifier: MIT
 *
 * repartition - parts by further bits of the hash (see repartition.h).
 */
#include "engine/reduce/repartition.h"

#include "engine/combine/combine_partition.h"
#include "engine/shuffle/stream_reader.h"

#include <stdlib.h>

#define MOST_BITS 8u

/* Memory that combining one record may take: a slot of the table, half full after doubling. */
#define RECORD_MEMORY 64u

uint64_t repartition_share(const struct worker *worker)
{
    return combine_partition_share(worker);
}

/* Memory that reducing a stream may take: of short keys by their number, as they lie in the table;
 * of long ones as much as their bytes. */
static uint64_t estimate(const struct worker *worker, const struct stream *stream)
{
    const struct context *context = worker->context;
    const uint64_t bytes = stream->bytes + stream->spilled;
    const uint64_t whole =
        stream_records(stream) * (RECORD_MEMORY + (context->sums ? 0 : 2 * context->value_size));
    return bytes > whole ? bytes : whole;
}

bool repartition_needed(const struct worker *worker, const struct stream *stream, unsigned bits)
{
    return bits < REPARTITION_NEVER - MOST_BITS && stream_records(stream) > 1 &&
           estimate(worker, stream) > repartition_share(worker);
}

/* Writes the records of a stream, which agree in `bits`, to the parts. */
static int distribute(struct repartition *repartition, struct stream *stream, unsigned bits)
{
    struct worker *worker = repartition->worker;
    struct context *context = worker->context;
    const unsigned shift = 64 - repartition->parts.bits;
    struct stream_reader reader;
    struct chunk *chunk;
    int result = 0;
    stream_reader_open(&reader, worker, stream, true);
    while (result == 0 && (chunk = stream_reader_next(&reader))) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        if (pool_chunk_large(chunk)) {
            size_t size;
            const unsigned char *key = record_key(at, &size);
            const uint64_t hash = key_hash(context->seed, key, size);
            stream_reader_keep(&reader);
            result = partition_writer_put(&repartition->writer, (unsigned)(hash << bits >> shift),
                                          chunk);
            at = end;
        }
        while (at < end) {
            const unsigned char *start = at;
            struct record record;
            at = record_get(at, context->form.kind, context->form.value_size, &record);
            uint64_t hash = key_hash(context->seed, record.key, record.size);
            unsigned part = (unsigned)(hash << bits >> shift);
            size_t size = (size_t)(at - start);
            unsigned char *room = partition_writer_room(&repartition->writer, part, size);
            if (!room) {
                result = -1;
                break;
            }
            memcpy(room, start, size);
            partition_writer_wrote(&repartition->writer, part, room + size);
        }
        if (context_stopped(context))
            result = -1;
    }
    return stream_reader_close(&reader) != 0 ? -1 : result;
}

/* Frees the innermost, whose parts are empty. */
static void pop(struct repartition **innermost)
{
    struct repartition *repartition = *innermost;
    *innermost = repartition->outer;
    spill_scope_end(&repartition->scope, repartition->worker);
    partitions_close(&repartition->parts);
    free(repartition);
}

int repartition_push(struct repartition **innermost, struct worker *worker, struct stream *stream,
                     unsigned bits)
{
    struct context *context = worker->context;
    const uint64_t whole = estimate(worker, stream), share = repartition_share(worker);
    unsigned more = 1;
    while (more < MOST_BITS && whole >> more > share / 2 &&
           (uint64_t)POOL_CHUNK << more < share / 2)
        more++;
    struct repartition *repartition =
        aligned_alloc(alignof(struct repartition), sizeof *repartition);
    if (!repartition)
        goto no_repartition;
    *repartition = (struct repartition){
        .outer = *innermost, .worker = worker, .bits = bits + more, .whole = whole};
    if (partitions_open(&repartition->parts, more, context->form, false) != 0)
        goto no_parts;
    spill_scope_begin(&repartition->scope, worker, &repartition->parts);
    *innermost = repartition;

    int result = 0;
    if (partition_writer_open(&repartition->writer, &repartition->parts, worker) != 0) {
        context_no_memory(context);
        result = -1;
    }
    if (result == 0)
        result = distribute(repartition, stream, bits);
    stream_drop(stream, &worker->cache);
    if (result == 0)
        partition_writer_flush(&repartition->writer);
    partition_writer_close(&repartition->writer);
    return result;

no_parts:
    free(repartition);
no_repartition:
    context_no_memory(context);
    stream_drop(stream, &worker->cache);
    return -1;
}

bool repartition_next(struct repartition **innermost, struct stream *part, unsigned *bits)
{
    struct repartition *repartition;
    while ((repartition = *innermost)) {
        if (repartition->next < (size_t)1 << repartition->parts.bits) {
            partition_take(&repartition->parts.array[repartition->next++], part);
            /* Where one part got nearly all, it is a key or a few: their hash takes them apart no
             * further. */
            const uint64_t whole = repartition->whole;
            const bool stuck = estimate(repartition->worker, part) > whole - whole / 8;
            *bits = stuck ? REPARTITION_NEVER : repartition->bits;
            return true;
        }
        pop(innermost);
    }
    return false;
}

void repartition_drop(struct repartition **innermost)
{
    struct worker *worker = *innermost ? (*innermost)->worker : NULL;
    struct stream part;
    unsigned bits;
    while (repartition_next(innermost, &part, &bits))
        stream_drop(&part, &worker->cache);
}
