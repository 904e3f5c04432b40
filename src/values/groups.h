/* SPDX-License-Identifier: MIT
 *
 * groups - columns that need all values of a key: quantiles, medians, numbers of different values.
 *
 * A job of these is MR_GROUP with values of any size. The value of a row is what its columns need
 * of it, as short as it can be: what the other columns keep (see columns.h), the codes of numbers
 * (see decimal.h), texts whose kinds are counted. The reduce gets those of one key; where they fit
 * the memory for one key it looks at them there, else it reads them more than once (see
 * mr_values_rewind), so that it never holds more than a small part.
 *
 * A mapper leaves out rows of which nothing but different values is asked, where it has just met
 * one like them, and emits values of a key that it meets often together (see groups_packs.h).
 */
#ifndef VALUES_GROUPS_H
#define VALUES_GROUPS_H

#include <stddef.h>

#include "engine/mapreduce.h"
#include "values/columns.h"

struct groups;

/* `options` are those that `columns` was made of; both must outlive the groups. Returns 0 and sets
 * *groups, or -1 with *error filled (MR_NOMEM). Any number of threads may use it. */
int groups_open(const struct columns_options *options, const struct columns *columns,
                struct groups **groups, struct mr_error *error);
/* NULL is allowed. */
void groups_close(struct groups *groups);

/* ---- Of a mapper; `groups` is a struct groups ------------------------------------------------ */

/* Bytes of a row between groups_parse and groups_emit, a multiple of 16. */
size_t groups_row_size(const struct groups *groups);
/* Makes rows of their fields, side by side from `values` on, which is aligned to 16: as
 * columns_rows. The fields' bytes must stay until groups_emit. */
size_t groups_parse(void *groups, const struct mr_bytes *fields, size_t rows, void *values,
                    char reason[COLUMNS_REASON_ROOM]);
int groups_mapper_open(void *groups, void **state, struct mr_error *error);
/* Rows for mr_emit_batch, and its terms. */
struct groups_batch {
    const unsigned char *base;
    size_t size;
    const struct mr_span *keys;
    size_t count;
    const void *values;
};
/* Emits rows. Returns 0 to go on, else the job has failed, or *error says why it does. */
int groups_emit(void *groups, void *state, struct mr_emitter *emitter,
                const struct groups_batch *batch, struct mr_error *error);
/* Emits what a mapper still holds, as mr_map_end. */
int groups_mapper_end(void *groups, void *state, struct mr_emitter *emitter,
                      struct mr_error *error);
void groups_mapper_close(void *groups, void *state);

/* ---- Of a job; `groups` is a struct groups --------------------------------------------------- */

int groups_reducer_open(void *groups, void **state, struct mr_error *error);
/* A job's mr_reduce: puts the result of a key by columns_put, or none where its count is too
 * low or too high. */
int groups_reduce(void *groups, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error);
void groups_reducer_close(void *groups, void *state);

#endif
