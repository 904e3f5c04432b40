/* SPDX-License-Identifier: MIT
 *
 * key_stream - the kept values of one key, picked out of a stream that has those of others too.
 */
#ifndef ENGINE_KEY_STREAM_H
#define ENGINE_KEY_STREAM_H

#include "engine/combine/combine_partition.h"
#include "engine/shuffle/stream_reader.h"

/* The entry of a record's key in the worker's grouping table, where the key must be; *words is how
 * many words the key takes there. */
uint64_t *key_stream_entry(struct combine_partition *combine, const struct record *record,
                           size_t *words);

struct key_stream {
    struct combine_partition *combine;
    struct stream_reader reader;
    const uint64_t *entry;         /* the key's */
    const unsigned char *at, *end; /* of the current chunk */
    struct mr_buffer copy;         /* of a value that lies misaligned */
    alignas(ALIGNED_TO) unsigned char words[RECORD_WORDS_MOST]; /* of one that lies in words */
};

/* Begins with the values of the key in that entry. The stream must not change until
 * key_stream_close. */
void key_stream_open(struct key_stream *keys, struct combine_partition *combine,
                     struct stream *stream, const uint64_t *entry);
/* The next value, aligned and valid until the next call. False at the end, or when the job
 * fails. */
bool key_stream_next(struct key_stream *keys, struct mr_bytes *value);
/* Returns -1 when the job has failed. */
int key_stream_close(struct key_stream *keys);

/* Lets a value of a chunk lie aligned: moves it, where it is alone in a chunk that may be written,
 * else copies it. NULL when the job fails. */
const unsigned char *key_stream_align(struct worker *worker, const struct record *record,
                                      bool alone, struct mr_buffer *copy);

#endif
