/* SPDX-License-Identifier: MIT
 *
 * items - an array in memory, cut into splits (see items.h).
 *
 * Shares of what is left are guided self-scheduling (Polychronopoulos and Kuck, 1987), here with a
 * smaller share, as the first items may be the heavy ones.
 */
#include "engine/input/items.h"

#include "engine/input/input.h"

#include <errno.h>
#include <stdlib.h>

/* A split is no more than one part in so many of what is left, a thread. */
#define PARTS_A_THREAD 16
/* Nor more bytes: light items by the million are spread evenly, and none waits long to stop. */
#define MOST_BYTES ((size_t)256 << 10)

struct items {
    struct mr_items array;
    size_t next; /* the first item that is in no split yet */
    unsigned threads;
    void (*close)(void *owner); /* or NULL */
    void *owner;
};

size_t items_share(size_t left, unsigned threads, size_t most)
{
    const size_t share = left / ((size_t)PARTS_A_THREAD * threads);
    const size_t least = share < most ? share : most;
    return least > 0 ? least : 1;
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct items *items = context;
    const struct mr_items *array = &items->array;
    if (items->next == array->count) {
        split->end = true;
        return 0;
    }
    if (!array->items || array->size == 0 || array->count > SIZE_MAX / array->size)
        return mr_fail(error, EINVAL, "%zu items of %zu bytes are no array", array->count,
                       array->size);
    const size_t count =
        items_share(array->count - items->next, items->threads, MOST_BYTES / array->size);
    split->data = (const unsigned char *)array->items + items->next * array->size;
    split->size = count * array->size;
    split->length = split->size;
    split->offset = items->next;
    split->handle = items;
    items->next += count;
    return 0;
}

static int begin(struct mr_input *input, const struct input_engine *engine, struct mr_error *error)
{
    struct items *items = input->reader.context;
    (void)error;
    items->threads = engine->threads;
    return 0;
}

/* As mr_map, where a job has none: every item is a key. */
static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    const size_t size = ((const struct items *)split->handle)->array.size;
    (void)context;
    (void)state;
    (void)error;
    for (size_t at = 0; at < split->size; at += size) {
        const enum mr_status status = mr_emit(emitter, split->data + at, size, NULL);
        if (status != MR_OK)
            return (int)status;
    }
    return 0;
}

static void close_items(void *context)
{
    struct items *items = context;
    if (items->close)
        items->close(items->owner);
    free(items);
}

struct mr_input *items_open(const struct mr_items *array, void (*close)(void *owner), void *owner)
{
    struct items *items = malloc(sizeof *items);
    if (!items) {
        if (close)
            close(owner);
        return input_failed(MR_NOMEM);
    }
    *items = (struct items){.array = *array, .threads = 1, .close = close, .owner = owner};
    const struct mr_reader reader = {
        .struct_size = sizeof(struct mr_reader),
        .context = items,
        .size = array->count * array->size,
        .next = next,
        .close = close_items,
    };
    struct mr_input *input = mr_input_new(&reader);
    if (input->status != MR_OK)
        return input;
    input->map = map;
    input->begin = begin;
    return input;
}

struct mr_input *mr_input_items(const void *items, size_t count, size_t item_size)
{
    return items_open(&(struct mr_items){items, count, item_size}, NULL, NULL);
}
