/* SPDX-License-Identifier: MIT
 *
 * table - records in memory (see table.h).
 *
 * Payloads must be aligned, keys need not be: so a block takes payloads from its front and keys
 * from its end, and what is lost between payloads is all that is lost.
 */
#include "engine/results/table.h"

#include "engine/core/aligned.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* Blocks grow from the one size to the other, so that a small table is small and a large one needs
 * few of them. */
#define LEAST_BLOCK ((size_t)4 << 10)
#define MOST_BLOCK ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t front; /* where the next payload goes */
    size_t back;  /* where the last key begins */
    alignas(ALIGNED_TO) unsigned char bytes[];
};

struct mr_table {
    struct mr_record **pages;
    size_t page_room;     /* of `pages` */
    size_t count;         /* records */
    uint64_t bytes;       /* of all of them */
    struct block *blocks; /* the one in use first */
    size_t block_size;    /* of the last one that was made */
    /* No key is less, or none is greater, than the one before it. */
    bool ascending;
    bool descending;
};

static struct mr_record *record_at(const struct mr_table *table, size_t number)
{
    return &table->pages[number / TABLE_PAGE][number % TABLE_PAGE];
}

struct mr_table *table_new(void)
{
    struct mr_table *table = malloc(sizeof *table);
    if (table)
        *table =
            (struct mr_table){.block_size = LEAST_BLOCK / 2, .ascending = true, .descending = true};
    return table;
}

void mr_table_release(struct mr_table *table)
{
    if (!table)
        return;
    for (size_t first = 0; first < table->count; first += TABLE_PAGE)
        free(table->pages[first / TABLE_PAGE]);
    while (table->blocks) {
        struct block *next = table->blocks->next;
        free(table->blocks);
        table->blocks = next;
    }
    free((void *)table->pages);
    free(table);
}

/* The room for one more record; NULL when memory is out. */
static struct mr_record *reserve_record(struct mr_table *table)
{
    if (table->count % TABLE_PAGE != 0)
        return record_at(table, table->count);
    const size_t page = table->count / TABLE_PAGE;
    if (page == table->page_room) {
        const size_t room = table->page_room > 0 ? 2 * table->page_room : 4;
        /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
        struct mr_record **pages = realloc((void *)table->pages, room * sizeof *pages);
        if (!pages)
            return NULL;
        table->pages = pages;
        table->page_room = room;
    }
    return table->pages[page] = malloc(TABLE_PAGE * sizeof(struct mr_record));
}

/* The block in use, after it has been seen to that it holds so many bytes of both more; NULL when
 * memory is out. */
static struct block *reserve_bytes(struct mr_table *table, size_t payload, size_t key)
{
    struct block *block = table->blocks;
    if (payload > SIZE_MAX / 4 || key > SIZE_MAX / 4)
        return NULL;
    payload = aligned_up(payload);
    if (block && block->back - block->front >= payload + key)
        return block;
    const size_t next_size = table->block_size < MOST_BLOCK ? 2 * table->block_size : MOST_BLOCK;
    size_t size = next_size - sizeof *block;
    /* What is as large as that gets a block of its own, and the one in use stays in use. */
    const bool alone = payload + key > size / 2;
    if (alone)
        size = payload + key;
    struct block *made = malloc(sizeof *made + size);
    if (!made)
        return NULL;
    made->front = 0;
    made->back = size;
    made->next = block;
    if (alone && block) {
        made->next = block->next;
        block->next = made;
    } else {
        table->blocks = made;
    }
    if (!alone)
        table->block_size = next_size;
    return made;
}

/* Whether the table is still ordered by key once this one follows. */
static void note_order(struct mr_table *table, const struct mr_record *record)
{
    if (table->count == 0 || !(table->ascending || table->descending))
        return;
    const struct mr_record *last = record_at(table, table->count - 1);
    const int order =
        mr_compare_bytes(NULL, last->key, last->key_size, record->key, record->key_size);
    table->ascending = table->ascending && order <= 0;
    table->descending = table->descending && order >= 0;
}

int table_add(struct mr_table *table, const struct mr_record *record)
{
    struct mr_record *copy = reserve_record(table);
    if (!copy)
        return -1;
    struct block *block = reserve_bytes(table, record->payload_size, record->key_size);
    if (!block) {
        if (table->count % TABLE_PAGE == 0)
            free(copy); /* a page that holds nothing is none */
        return -1;
    }
    unsigned char *payload = block->bytes + block->front;
    block->front += aligned_up(record->payload_size);
    block->back -= record->key_size;
    unsigned char *key = block->bytes + block->back;
    if (record->payload_size > 0)
        memcpy(payload, record->payload, record->payload_size);
    if (record->key_size > 0)
        memcpy(key, record->key, record->key_size);
    *copy = (struct mr_record){.key = key,
                               .key_size = record->key_size,
                               .rank = record->rank,
                               .payload = payload,
                               .payload_size = record->payload_size};
    note_order(table, copy);
    table->count++;
    table->bytes += sizeof *copy + record->key_size + record->payload_size;
    return 0;
}

const struct mr_record *table_records(const struct mr_table *table, size_t first, size_t *count)
{
    *count = 0;
    if (first >= table->count)
        return NULL;
    const size_t page = TABLE_PAGE - first % TABLE_PAGE;
    *count = table->count - first < page ? table->count - first : page;
    return record_at(table, first);
}

uint64_t table_bytes(const struct mr_table *table)
{
    return table->bytes;
}

size_t mr_table_count(const struct mr_table *table)
{
    return table ? table->count : 0;
}

const struct mr_record *mr_table_record(const struct mr_table *table, size_t number)
{
    return number < mr_table_count(table) ? record_at(table, number) : NULL;
}

const struct mr_record *mr_table_find(const struct mr_table *table, const void *key,
                                      size_t key_size)
{
    if (!table)
        return NULL;
    const bool ordered = table->ascending || table->descending;
    size_t from = 0; /* all before it come before the key */
    size_t left = ordered ? table->count : 0;
    while (left > 0) {
        const struct mr_record *middle = record_at(table, from + left / 2);
        const int order = mr_compare_bytes(NULL, middle->key, middle->key_size, key, key_size);
        if (table->ascending ? order < 0 : order > 0) {
            from += left / 2 + 1;
            left -= left / 2 + 1;
        } else {
            left /= 2;
        }
    }
    for (; from < table->count; from++) {
        const struct mr_record *record = record_at(table, from);
        if (record->key_size == key_size &&
            (key_size == 0 || memcmp(record->key, key, key_size) == 0))
            return record;
        if (ordered)
            return NULL;
    }
    return NULL;
}
