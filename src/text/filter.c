/* SPDX-License-Identifier: MIT
 *
 * filter - see filter.h.
 */
#include "text/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/normalize.h"

/* A byte order mark of UTF-8. */
static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};

struct filter {
    uint64_t min, max;
    bool listing;
    struct filter_list list;
    struct key_set keys;

    struct normalize normalize;

    /* While the list is read: */
    size_t marked; /* bytes of a mark at its start; more once that has been looked for */
    bool open;     /* an entry has begun */
    size_t size;   /* of the entry, but for blanks at its begin */
};

/* Whether the key has min to max code points. */
static bool fits(const struct filter *filter, const unsigned char *key, size_t size)
{
    uint64_t count = 0;
    uint32_t code;

    if (size < filter->min) /* no character has less than a byte */
        return false;
    if (filter->max == UINT64_MAX && filter->min <= 1)
        return true;
    if (size / 4 > filter->max)
        return false;
    for (size_t i = 0; i < size; count++) {
        size_t length = key[i] < 0x80 ? 1 : utf8_decode(key + i, size - i, &code);
        i += length > 0 ? length : 1;
    }
    return count >= filter->min && count <= filter->max;
}

/* Whether an entry ends at the byte. No word holds a line end of any system, also under an `end`
 * that is another: there it would make one entry, of no use, of all. */
static bool ends_entry(const struct filter_list *list, unsigned char c)
{
    return c == list->end || (list->words && (c == '\n' || c == '\r'));
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Adds bytes to the entry at hand. */
static enum key_set_status add_bytes(struct filter *filter, const unsigned char *bytes, size_t size)
{
    unsigned char *key;

    for (filter->open = true; filter->list.words && filter->size == 0 && size > 0;
         bytes++, size--) {
        if (!is_blank(*bytes))
            break;
    }
    if (size == 0)
        return KEY_SET_OK;
    enum key_set_status status = key_set_room(&filter->keys, filter->size + size, &key);
    if (status != KEY_SET_OK)
        return status;
    memcpy(key + filter->size, bytes, size);
    filter->size += size;
    return KEY_SET_OK;
}

/* Brings an entry, which stands in the room of keys, to the form of keys. */
static enum key_set_status normalize_entry(struct filter *filter, unsigned char **key, size_t *size)
{
    struct room room = {NULL, 0};
    enum key_set_status status = KEY_SET_OK;
    size_t used = 0;

    if (normalize_passes(&filter->normalize, *key, *size))
        return status;
    if (normalize_key(&filter->normalize, *key, *size, &room, &used) != 0)
        status = KEY_SET_NO_MEMORY;
    else if ((status = key_set_room(&filter->keys, used, key)) == KEY_SET_OK && used > 0)
        memcpy(*key, room.data, used);
    *size = used;
    room_free(&room);
    return status;
}

/* The entry at hand has ended. */
static enum key_set_status add_entry(struct filter *filter)
{
    unsigned char *key;
    size_t size = filter->size;
    const bool fold = filter->list.case_fold;

    if (fold && size > (SIZE_MAX / 2 - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH)
        return KEY_SET_FULL;
    enum key_set_status status =
        key_set_room(&filter->keys, fold ? size + CASE_FOLD_ROOM(size) : size, &key);
    if (status != KEY_SET_OK)
        return status;
    while (filter->list.words && size > 0 && is_blank(key[size - 1]))
        size--;
    if (fold) {
        const size_t folded = normalize_fold(filter->list.form)(key, size, key + size);
        memmove(key, key + size, folded);
        size = folded;
    }
    filter->open = false;
    filter->size = 0;
    if (filter->list.form != NORMALIZE_NONE) {
        status = normalize_entry(filter, &key, &size);
        if (status != KEY_SET_OK)
            return status;
    }
    return key_set_add(&filter->keys, size);
}

static enum key_set_status add_piece(struct filter *filter, const unsigned char *bytes, size_t size)
{
    const unsigned char *end = bytes + size, *stop;
    enum key_set_status status = KEY_SET_OK;

    for (; bytes < end && status == KEY_SET_OK; bytes = stop) {
        for (stop = bytes; stop < end && !ends_entry(&filter->list, *stop);)
            stop++;
        status = add_bytes(filter, bytes, (size_t)(stop - bytes));
        if (status == KEY_SET_OK && stop < end) {
            status = add_entry(filter);
            stop++;
        }
    }
    return status;
}

/* A mark that turned out to be none, or the end of looking for one. */
static enum key_set_status end_mark(struct filter *filter)
{
    const size_t marked = filter->marked;

    filter->marked = sizeof mark;
    return marked < sizeof mark ? add_piece(filter, mark, marked) : KEY_SET_OK;
}

enum key_set_status filter_read(struct filter *filter, const unsigned char *bytes, size_t size)
{
    enum key_set_status status = KEY_SET_OK;

    for (; filter->marked < sizeof mark && size > 0; bytes++, size--) {
        if (!filter->list.words || *bytes != mark[filter->marked]) {
            status = end_mark(filter);
            break;
        }
        filter->marked++;
    }
    return status == KEY_SET_OK ? add_piece(filter, bytes, size) : status;
}

enum key_set_status filter_read_end(struct filter *filter)
{
    enum key_set_status status = end_mark(filter);

    if (status == KEY_SET_OK && filter->open)
        status = add_entry(filter);
    key_set_trim(&filter->keys);
    return status;
}

uint64_t filter_memory(const struct filter *filter)
{
    return key_set_memory(&filter->keys);
}

struct filter *filter_open(uint64_t min, uint64_t max, const struct filter_list *list)
{
    struct filter *filter = calloc(1, sizeof *filter);

    if (!filter)
        return NULL;
    filter->min = min;
    filter->max = max;
    filter->listing = list != NULL;
    if (list)
        filter->list = *list;
    key_set_open(&filter->keys, list ? list->memory : 0);
    normalize_open(&filter->normalize, filter->list.form, filter->list.case_fold);
    return filter;
}

void filter_close(struct filter *filter)
{
    if (!filter)
        return;
    key_set_close(&filter->keys);
    normalize_close(&filter->normalize);
    free(filter);
}

bool filter_has_list(const struct filter *filter)
{
    return filter->keys.count > 0;
}

bool filter_lists(const struct filter *filter, const unsigned char *key, size_t size)
{
    return key_set_has(&filter->keys, key, size, true);
}

static inline bool lets(const struct filter *filter, const unsigned char *key, size_t size,
                        bool padded, bool *met)
{
    if (!fits(filter, key, size)) {
        if (filter->listing && !*met)
            *met = key_set_has(&filter->keys, key, size, padded);
        return false;
    }
    if (!filter->listing)
        return true;
    const bool listed = key_set_has(&filter->keys, key, size, padded);
    *met |= listed;
    return !listed;
}

bool filter_lets(const struct filter *filter, const unsigned char *key, size_t size, bool *met)
{
    return lets(filter, key, size, false, met);
}

size_t filter_pass(const struct filter *filter, const unsigned char *base,
                   const struct filter_batch *batch, bool *met)
{
    const struct mr_span *spans = batch->spans;
    size_t n = 0;

    for (size_t i = 0; i < batch->count; i++) {
        bool pass = lets(filter, base + spans[i].begin, spans[i].end - spans[i].begin, true, met);
        batch->passed[n] = spans[i];
        if (batch->values)
            batch->passed_values[n] = batch->values[i];
        n += pass; /* an unpredictable branch otherwise */
    }
    return n;
}
