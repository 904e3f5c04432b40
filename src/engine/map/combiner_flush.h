/* SPDX-License-Identifier: MIT
 *
 * combiner_flush - what leaves a mapper's combiner for the partitions: pairs that find no place,
 * keys that are written out, and all of them when it is full.
 *
 * All return -1 when the job fails.
 */
#ifndef ENGINE_COMBINER_FLUSH_H
#define ENGINE_COMBINER_FLUSH_H

#include "engine/map/emitter.h"

/* The value of a pair that was emitted without: a number, as context_number reads it. */
static const uint64_t combiner_flush_one[2] = {1, 1};

/* Makes the writer to the partitions, and these, where there are none yet. */
int combiner_flush_open(struct mr_emitter *emitter);

/* A row (combiner_lookup.c) that is not in the table and for which there is no free place. */
int combiner_flush_miss(struct mr_emitter *emitter, enum key_class key_class, const uint64_t *row,
                        const void *value);
/* Writes a pair with a long key, which is as record_copy_key wants it, to its partition. */
int combiner_flush_long(struct mr_emitter *emitter, uint64_t hash, const unsigned char *key,
                        size_t size, const void *value);
/* The table of a class is full: grows it, freezes it, flushes it or lets all pairs pass. */
int combiner_flush_when_full(struct mr_emitter *emitter, enum key_class key_class);
/* The same where there is no room for the bytes of long keys. */
int combiner_flush_arena_full(struct mr_emitter *emitter);
/* Thinks again about a class that has been frozen or bypassed for a while. */
int combiner_flush_review(struct mr_emitter *emitter, enum key_class key_class);
/* Writes all keys of a class to their partitions. */
int combiner_flush_class(struct mr_emitter *emitter, enum key_class key_class);

/* Writes a pair whose key is held in words, with its hash of key_grouping_hash, to its partition.
 */
static inline __attribute__((always_inline)) int
combiner_flush_words(struct mr_emitter *emitter, enum key_class key_class, uint64_t hash,
                     const uint64_t *words, const void *value)
{
    struct partition_writer *writer = &emitter->pairs;
    const struct context *context = emitter->context;
    const size_t count = key_class_words(key_class), size = key_words_size(words, count);
    unsigned partition = partitions_of_hash(writer->partitions, hash);
    unsigned char *at = partition_writer_room(
        writer, partition, 1 + count * sizeof *words + RECORD_NUMBER_MAX + context->value_size);
    if (!at)
        return -1;
    uint64_t number = context_number(context, value);
    __builtin_prefetch(at + 128, 1);
    at = record_put_head(at, size, number != 1);
    memcpy(at, words, count * sizeof *words);
    partition_writer_wrote(writer, partition,
                           record_put_value(at + size, context->form, size, number, value));
    return 0;
}

#endif
