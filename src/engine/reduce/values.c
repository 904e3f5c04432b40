/* SPDX-License-Identifier: MIT
 *
 * values - kept values, gathered key by key (see values.h).
 *
 * The table knows how many values each key has. As many keys as fit memory are served together: one
 * pass over the stream puts the values of each side by side, or, of any size, behind a list of
 * them. A key with more values than that gets a pass of its own, which hands them on as it meets
 * them, or sorts them by runs.
 */
#include "engine/reduce/values.h"

#include "base/copy.h"
#include "engine/reduce/key_stream.h"
#include "engine/reduce/reduce_sink.h"
#include "engine/reduce/repartition.h"
#include "engine/reduce/value_runs.h"
#include "engine/reduce/value_sort.h"

#define COUNT COMBINE_PARTITION_COUNT
/* Where in the gathered values the next one goes. */
#define PLACE COMBINE_PARTITION_PLACE
/* The bytes of values of any size; once the key has a place, where in it the list goes on. */
#define BYTES COMBINE_PARTITION_BYTES
#define LIST COMBINE_PARTITION_BYTES
#define NOWHERE UINT64_MAX

_Static_assert(alignof(max_align_t) >= ALIGNED_TO, "what an mr_buffer begins with is aligned");
_Static_assert(sizeof(struct mr_bytes) % ALIGNED_TO == 0, "values lie behind a list of them");

struct mr_values {
    struct context *context;
    uint64_t left;
    uint64_t count; /* all of them, where they can be read again; else 0 */
    /* One of these, and NULL the others: values of one size, `stride` bytes each; a list of
     * values of any size; values of a stream; merged ones. */
    unsigned char *places;
    const struct mr_bytes *list;
    struct key_stream *keys;
    struct value_runs *runs;
    size_t stride;
    size_t value_size;
    struct mr_buffer *copy; /* of a value whose place is misaligned */
    struct stream *stream;  /* that `keys` reads */
};

/* What serving the keys of a table needs. */
struct gathering {
    struct combine_partition *combine;
    struct stream *stream;
    struct mr_results *results;
    bool any_size;         /* values are */
    size_t stride;         /* of places, else */
    uint64_t share;        /* bytes for gathered values */
    struct mr_buffer copy; /* of a value whose place is misaligned */
    struct mr_buffer sorting;
};

/* ---- What a reduce reads --------------------------------------------------------------------- */

/* The next value of those that lie in places. */
static const void *next_in_place(struct mr_values *values)
{
    const unsigned char *place = values->places;
    values->places += values->stride;
    if ((uintptr_t)place % ALIGNED_TO == 0)
        return place;
    mr_buffer_clear(values->copy);
    unsigned char *copy = mr_buffer_reserve(values->copy, values->value_size);
    if (!copy) {
        context_no_memory(values->context);
        return NULL;
    }
    return memcpy(copy, place, values->value_size);
}

const void *mr_values_next(struct mr_values *values, size_t *size)
{
    struct mr_bytes value = {.size = values->value_size};
    if (values->left == 0 || context_stopped(values->context))
        return NULL;
    values->left--;
    if (values->places)
        value.data = next_in_place(values);
    else if (values->list)
        value = *values->list++;
    else if (!(values->keys ? key_stream_next(values->keys, &value)
                            : value_runs_next(values->runs, &value)))
        return NULL;
    if (size)
        *size = value.size;
    return value.data;
}

uint64_t mr_values_count(const struct mr_values *values)
{
    return values->left;
}

const void *mr_values_array(struct mr_values *values, size_t *count)
{
    const size_t size = values->value_size;
    *count = 0;
    if (!values->places && !values->list)
        return NULL;
    *count = (size_t)values->left;
    values->left = values->count = 0;
    if (values->list)
        return values->list;
    unsigned char *first = values->places - (uintptr_t)values->places % ALIGNED_TO;
    if (first != values->places || values->stride != size)
        for (size_t i = 0; i < *count; i++)
            memmove(first + i * size, values->places + i * values->stride, size);
    return first;
}

enum mr_status mr_values_rewind(struct mr_values *values)
{
    const uint64_t taken = values->count - values->left;
    if (context_stopped(values->context))
        return context_status(values->context);
    if (values->count == 0)
        return MR_INVALID;
    if (values->places) {
        values->places -= taken * values->stride;
    } else if (values->list) {
        values->list -= taken;
    } else {
        struct combine_partition *combine = values->keys->combine;
        const uint64_t *entry = values->keys->entry;
        const int result = key_stream_close(values->keys);
        key_stream_open(values->keys, combine, values->stream, entry);
        if (result != 0)
            return context_status(values->context);
    }
    values->left = values->count;
    return MR_OK;
}

/* Opens the worker's reducer where this is its first reduce. */
static int need_reducer(struct context *context, struct mr_results *results)
{
    const struct mr_job_spec *spec = &context->spec;
    if (results->state_open)
        return 0;
    struct mr_error error = {0};
    if (spec->reducer_open && spec->reducer_open(spec->context, &results->state, &error) != 0) {
        context_fail_with(context, MR_REDUCE, &error, "a reducer could not be opened");
        return -1;
    }
    results->state_open = true;
    return 0;
}

static int call_reduce(const struct combine_partition *combine, const unsigned char *key,
                       size_t size, struct mr_values *values, struct mr_results *results)
{
    struct context *context = combine->worker->context;
    /* Not all of it is cleared: that would take a call of few instructions half of its time. */
    struct mr_error error;
    error.status = MR_OK;
    error.errnum = 0;
    error.text[0] = '\0';
    if (context_stopped(context) || need_reducer(context, results) != 0)
        return -1;
    if (context->spec.reduce(context->spec.context, results->state, key, size, values, results,
                             &error) == 0)
        return context_stopped(context) ? -1 : 0;
    context_fail_with(context, MR_REDUCE, &error, "the reduce failed");
    return -1;
}

int values_reduce_one(struct combine_partition *combine, const unsigned char *key, size_t size,
                      const void *value, struct mr_results *results)
{
    struct context *context = combine->worker->context;
    const size_t value_size = context->value_size;
    alignas(ALIGNED_TO) unsigned char small[CONTEXT_SMALL_VALUE];
    /* A copy in any case, so that the reduce may change what it got and the table stays. */
    unsigned char *copy = small;
    if (value_size > sizeof small) {
        mr_buffer_clear(&combine->values);
        copy = mr_buffer_reserve(&combine->values, value_size);
        if (!copy) {
            context_no_memory(context);
            return -1;
        }
    }
    copy_bytes(copy, value, value_size);
    struct mr_values values = {.context = context,
                               .left = 1,
                               .count = 1,
                               .places = copy,
                               .stride = value_size,
                               .value_size = value_size};
    return call_reduce(combine, key, size, &values, results);
}

/* ---- A key in memory ------------------------------------------------------------------------- */

/* Bytes for the gathered values of a key. */
static uint64_t room_of(const struct gathering *gathering, const uint64_t *value)
{
    return gathering->any_size ? value[COUNT] * sizeof(struct mr_bytes) + value[BYTES]
                               : aligned_up((size_t)value[COUNT] * gathering->stride);
}

/* Bytes to sort them besides, where they are sorted: a list, where they have none, and half of
 * one. */
static uint64_t sorting_of(const struct gathering *gathering, const uint64_t *value)
{
    const uint64_t half = value[COUNT] / 2 * sizeof(struct mr_bytes);
    if (!gathering->combine->worker->context->spec.value_order)
        return 0;
    return gathering->any_size ? half
                               : half + value[COUNT] * sizeof(struct mr_bytes) + gathering->stride;
}

/* Copies a value of any size. A short one has a place that is aligned, and bytes behind it that can
 * be read. */
static inline void copy_value(unsigned char *place, const struct record *record)
{
    if (record->value_size - 1 < ALIGNED_TO)
        memcpy(place, record->value, ALIGNED_TO);
    else if (record->value_size > 0)
        memcpy(place, record->value, record->value_size);
}

/* Reads the stream once and puts the values of all keys that have a place there. */
static int gather(const struct gathering *gathering, unsigned char *room)
{
    struct combine_partition *combine = gathering->combine;
    struct context *context = combine->worker->context;
    const struct record_form form = context->form;
    struct stream_reader reader;
    const struct chunk *chunk;
    stream_reader_open(&reader, combine->worker, gathering->stream, false);
    while ((chunk = stream_reader_next(&reader)) && !context_stopped(context)) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        while (at < end) {
            struct record record;
            size_t words;
            at = record_get(at, form.kind, form.value_size, &record);
            uint64_t *value = key_stream_entry(combine, &record, &words) + words;
            if (value[PLACE] == NOWHERE)
                continue;
            unsigned char *place = room + value[PLACE];
            if (gathering->any_size)
                copy_value(place, &record);
            else
                record_copy_value(&record, form.kind, place);
            if (!gathering->any_size) {
                value[PLACE] += gathering->stride;
                continue;
            }
            *(struct mr_bytes *)(void *)(room + value[LIST]) =
                (struct mr_bytes){.data = place, .size = record.value_size};
            value[LIST] += sizeof(struct mr_bytes);
            value[PLACE] += aligned_up(record.value_size);
        }
    }
    return stream_reader_close(&reader) != 0 || context_stopped(context) ? -1 : 0;
}

/* Sorts the values of a key, which have no list yet. */
static void sort_places(const struct gathering *gathering, unsigned char *places, size_t count,
                        unsigned char *room)
{
    const struct context *context = gathering->combine->worker->context;
    struct mr_bytes *list = (struct mr_bytes *)(void *)room;
    for (size_t i = 0; i < count; i++)
        list[i] =
            (struct mr_bytes){.data = places + i * gathering->stride, .size = context->value_size};
    value_sort_list(context, list, count, list + count);
    value_sort_move(places, gathering->stride, list, count, (unsigned char *)(list + count));
}

/* Calls reduce for a key whose values have been gathered. */
static int reduce_gathered(struct gathering *gathering, enum key_class key_class, uint64_t *entry,
                           unsigned char *room)
{
    struct combine_partition *combine = gathering->combine;
    struct context *context = combine->worker->context;
    uint64_t *value = entry + combine->table.classes[key_class].words;
    const size_t count = (size_t)value[COUNT];
    struct mr_values values = {.context = context,
                               .left = count,
                               .count = context->spec.value_order ? 0 : count,
                               .stride = gathering->stride,
                               .value_size = context->value_size,
                               .copy = &gathering->copy};
    unsigned char *sorting = NULL;
    if (context->spec.value_order) {
        mr_buffer_clear(&gathering->sorting);
        sorting = mr_buffer_reserve(&gathering->sorting, sorting_of(gathering, value));
        if (!sorting) {
            context_no_memory(context);
            return -1;
        }
    }
    /* The places have moved on by all of the values in gathering. */
    if (gathering->any_size) {
        struct mr_bytes *list = (struct mr_bytes *)(void *)(room + value[LIST]) - count;
        if (sorting)
            value_sort_list(context, list, count, (struct mr_bytes *)(void *)sorting);
        values.list = list;
    } else {
        values.places = room + value[PLACE] - count * gathering->stride;
        if (sorting)
            sort_places(gathering, values.places, count, sorting);
    }
    value[PLACE] = NOWHERE;
    size_t size;
    const unsigned char *key = key_slot_key(entry, key_class, &size);
    return call_reduce(combine, key, size, &values, gathering->results);
}

/* ---- A key of a stream ----------------------------------------------------------------------- */

/* Sorts the values that `keys` picks out of the stream. */
static int sort_stream(struct gathering *gathering, struct key_stream *keys, const uint64_t *value,
                       struct value_runs *runs)
{
    struct combine_partition *combine = gathering->combine;
    const uint64_t bytes = gathering->any_size ? value[BYTES] : value[COUNT] * gathering->stride;
    struct mr_bytes one;
    int result = value_runs_open(runs, combine->worker, &combine->values, value[COUNT], bytes,
                                 gathering->share);
    while (result == 0 && key_stream_next(keys, &one))
        result = value_runs_add(runs, &one);
    if (context_stopped(combine->worker->context))
        result = -1;
    return result == 0 ? value_runs_merge(runs) : result;
}

/* Calls reduce for a key whose values do not fit memory. */
static int reduce_stream(struct gathering *gathering, enum key_class key_class,
                         const uint64_t *entry)
{
    struct combine_partition *combine = gathering->combine;
    struct context *context = combine->worker->context;
    const uint64_t *value = entry + combine->table.classes[key_class].words;
    struct key_stream keys;
    struct value_runs runs;
    struct mr_values values = {.context = context,
                               .left = value[COUNT],
                               .count = context->spec.value_order ? 0 : value[COUNT],
                               .value_size = context->value_size,
                               .keys = &keys,
                               .stream = gathering->stream};
    int result = 0;
    key_stream_open(&keys, combine, gathering->stream, entry);
    if (context->spec.value_order) {
        result = sort_stream(gathering, &keys, value, &runs);
        values.keys = NULL;
        values.runs = &runs;
    }
    size_t size;
    const unsigned char *key = key_slot_key(entry, key_class, &size);
    if (result == 0)
        result = call_reduce(combine, key, size, &values, gathering->results);
    if (context->spec.value_order)
        value_runs_close(&runs);
    return key_stream_close(&keys) != 0 ? -1 : result;
}

/* ---- All keys -------------------------------------------------------------------------------- */

/* Gives keys of a class places, from number `begin` on, as many as fit the share together. Returns
 * the first that has none, and in *room the bytes that all of them take. */
static size_t give_places(const struct gathering *gathering, const struct grouping_class *class,
                          size_t begin, size_t *room)
{
    uint64_t used = 0, sorting = 0;
    size_t end = begin;
    for (; end < class->used; end++) {
        uint64_t *value = grouping_entry(class, end) + class->words;
        const uint64_t more = room_of(gathering, value), sorts = sorting_of(gathering, value);
        sorting = sorts > sorting ? sorts : sorting;
        if (used + more + sorting > gathering->share)
            break;
        value[PLACE] = used;
        if (gathering->any_size) {
            value[LIST] = used;
            value[PLACE] += value[COUNT] * sizeof(struct mr_bytes);
        }
        used += more;
    }
    *room = (size_t)used;
    return end;
}

/* Serves the keys of one class, as many together as fit. */
static int reduce_class(struct gathering *gathering, enum key_class key_class)
{
    struct combine_partition *combine = gathering->combine;
    const struct grouping_class *class = &combine->table.classes[key_class];
    size_t begin = 0;
    while (begin < class->used) {
        size_t size;
        const size_t end = give_places(gathering, class, begin, &size);
        if (end == begin) {
            if (reduce_stream(gathering, key_class, grouping_entry(class, begin++)) != 0)
                return -1;
            continue;
        }
        mr_buffer_clear(&combine->values);
        unsigned char *room = mr_buffer_reserve(&combine->values, size);
        if (!room) {
            context_no_memory(combine->worker->context);
            return -1;
        }
        if (gather(gathering, room) != 0)
            return -1;
        for (; begin < end; begin++)
            if (reduce_gathered(gathering, key_class, grouping_entry(class, begin), room) != 0)
                return -1;
    }
    return 0;
}

int values_reduce(struct combine_partition *combine, struct stream *stream,
                  struct mr_results *results)
{
    struct context *context = combine->worker->context;
    struct gathering gathering = {
        .combine = combine,
        .stream = stream,
        .results = results,
        .any_size = context->form.kind == RECORD_BYTES,
        /* What is compared must be aligned. */
        .stride = context->spec.value_order ? aligned_up(context->value_size) : context->value_size,
        .share = repartition_share(combine->worker),
    };
    int result = 0;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++) {
        const struct grouping_class *class = &combine->table.classes[key_class];
        for (size_t i = 0; i < class->used; i++)
            grouping_entry(class, i)[class->words + PLACE] = NOWHERE;
    }
    buffer_open(&gathering.copy, context->budget);
    buffer_open(&gathering.sorting, context->budget);
    for (int key_class = 0; result == 0 && key_class < KEY_CLASSES; key_class++)
        result = reduce_class(&gathering, (enum key_class)key_class);
    buffer_close(&gathering.sorting);
    buffer_close(&gathering.copy);
    buffer_trim(&combine->values, (size_t)gathering.share);
    return result;
}
