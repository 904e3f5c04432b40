/* SPDX-License-Identifier: MIT
 *
 * table_input - the records of a table as an input: what one job has made another one maps.
 *
 * A split's data are the records themselves, as they lie in the table.
 */
#include "engine/input/input.h"
#include "engine/input/items.h"
#include "engine/results/table.h"

#include <errno.h>
#include <stdlib.h>

struct table_input {
    const struct mr_table *table;
    size_t next; /* the first record that is in no split yet */
    unsigned threads;
    uint64_t bytes; /* of all records, for progress */
    uint64_t bytes_left;
};

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct table_input *input = context;
    if (!input->table)
        return mr_fail(error, EINVAL, "there is no table to read");
    const size_t left = mr_table_count(input->table) - input->next;
    size_t most;
    const struct mr_record *records = table_records(input->table, input->next, &most);
    if (!records) {
        split->end = true;
        return 0;
    }
    const size_t count = items_share(left, input->threads, most);
    split->data = (const unsigned char *)records;
    split->size = count * sizeof *records;
    split->offset = input->next;
    /* Nobody counts the bytes of these: as many as they are on average. */
    split->length =
        count == left ? input->bytes_left : input->bytes / mr_table_count(input->table) * count;
    input->bytes_left -= split->length;
    input->next += count;
    return 0;
}

const struct mr_record *mr_split_record(const struct mr_split *split, size_t number)
{
    if (number >= split->size / sizeof(struct mr_record))
        return NULL;
    return (const struct mr_record *)(const void *)split->data + number;
}

static int begin(struct mr_input *input, const struct input_engine *engine, struct mr_error *error)
{
    struct table_input *own = input->reader.context;
    (void)error;
    own->threads = engine->threads;
    return 0;
}

/* As mr_map, where a job has none: a table's keys with their ranks. */
static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    const struct mr_record *record;
    (void)context;
    (void)state;
    (void)error;
    for (size_t i = 0; (record = mr_split_record(split, i)) != NULL; i++) {
        const enum mr_status status =
            mr_emit(emitter, record->key, record->key_size, &record->rank);
        if (status != MR_OK)
            return (int)status;
    }
    return 0;
}

struct mr_input *mr_input_table(const struct mr_table *table)
{
    struct table_input *made = malloc(sizeof *made);
    if (!made)
        return input_failed(MR_NOMEM);
    const uint64_t bytes = table ? table_bytes(table) : 0;
    *made = (struct table_input){.table = table, .threads = 1, .bytes = bytes, .bytes_left = bytes};
    const struct mr_reader reader = {
        .struct_size = sizeof(struct mr_reader),
        .context = made,
        .size = bytes,
        .next = next,
        .close = free,
    };
    struct mr_input *input = mr_input_new(&reader);
    if (input->status != MR_OK)
        return input;
    input->map = map;
    input->begin = begin;
    return input;
}
