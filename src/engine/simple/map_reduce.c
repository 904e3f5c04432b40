/* SPDX-License-Identifier: MIT
 *
 * map_reduce - the plainest interface: an array, a map of one item, a reduce of one key, and a
 * table of results, made of a job as anybody could make it.
 */
#include "engine/input/items.h"
#include "engine/mapreduce.h"

#include <errno.h>
#include <stdlib.h>

/* What the job's callbacks need to call the caller's. It ends with the job's input. */
struct map_reduce {
    size_t item_size;
    mr_map_item *map;
    mr_reduce_key *reduce;
    mr_tell *tell;
    void *context;
};

static int map_items(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    const struct map_reduce *own = context;
    (void)state;
    for (size_t at = 0; at < split->size; at += own->item_size) {
        const int result = own->map(own->context, split->data + at, emitter, error);
        if (result != 0)
            return result;
    }
    return 0;
}

static int reduce_key(void *context, void *state, const void *key, size_t key_size,
                      struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct map_reduce *own = context;
    (void)state;
    return own->reduce(own->context, key, key_size, values, results, error);
}

/* Items are all of one size: bytes of input are items. */
static int tell_items(void *context, const struct mr_progress *progress)
{
    const struct map_reduce *own = context;
    const uint64_t unit = progress->phase == MR_PHASE_MAP ? own->item_size : 1;
    return own->tell(own->context, mr_phase_name(progress->phase), progress->done / unit,
                     progress->not_done == MR_UNKNOWN ? MR_UNKNOWN : progress->not_done / unit);
}

/* Makes the job of a call, which says by itself where memory was out for its input or output. */
static enum mr_status make_job(const struct mr_items *items, const struct map_reduce *call,
                               struct mr_table **table, struct mr_job_spec *spec,
                               struct mr_error *error)
{
    if (!table)
        return mr_error_set(error, MR_INVALID, EINVAL, "a place for the table is missing");
    *table = NULL;
    if (!items || !call->map)
        return mr_error_set(error, MR_INVALID, EINVAL, "%s missing",
                            items ? "a map is" : "items are");
    if (items->count > 0 && (!items->items || items->size == 0))
        return mr_error_set(error, MR_INVALID, EINVAL, "%zu items of %zu bytes are no array",
                            items->count, items->size);
    struct map_reduce *own = malloc(sizeof *own);
    if (!own)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    *own = *call;
    own->item_size = items->size > 0 ? items->size : 1;
    *spec = (struct mr_job_spec){
        .struct_size = sizeof *spec,
        .context = own,
        .input = items_open(items, free, own),
        .map = map_items,
        .values = call->reduce ? MR_GROUP : MR_SUM,
        .reduce = call->reduce ? reduce_key : NULL,
        .order = MR_ORDER_KEY,
        .output = mr_output_table(table),
        .progress = call->tell ? tell_items : NULL,
    };
    return MR_OK;
}

enum mr_status mr_map_reduce(const struct mr_items *items, mr_map_item *map, mr_reduce_key *reduce,
                             mr_tell *tell, void *context, struct mr_table **table,
                             struct mr_error *error)
{
    const struct map_reduce call = {.map = map, .reduce = reduce, .tell = tell, .context = context};
    struct mr_job_spec spec;
    const enum mr_status status = make_job(items, &call, table, &spec, error);
    return status == MR_OK ? mr_run(NULL, &spec, NULL, error) : status;
}

enum mr_status mr_map_reduce_submit(const struct mr_items *items, mr_map_item *map,
                                    mr_reduce_key *reduce, mr_tell *tell, void *context,
                                    struct mr_table **table, struct mr_job **job,
                                    struct mr_error *error)
{
    const struct map_reduce call = {.map = map, .reduce = reduce, .tell = tell, .context = context};
    struct mr_job_spec spec;
    if (!job)
        return mr_error_set(error, MR_INVALID, EINVAL, "a place for the job is missing");
    *job = NULL;
    const enum mr_status status = make_job(items, &call, table, &spec, error);
    return status == MR_OK ? mr_submit(NULL, &spec, job, error) : status;
}
