/* SPDX-License-Identifier: MIT
 *
 * given - whether members fit together (see given.h).
 */
#include "engine/schedule/given.h"

#include "engine/input/input.h"
#include "engine/results/results.h"

#include <errno.h>

/* What is wrong with the values; NULL: nothing. */
static const char *check_values(const struct mr_job_spec *spec)
{
    if (spec->values != MR_SUM && spec->values != MR_COMBINE && spec->values != MR_GROUP &&
        spec->values != MR_FIRST)
        return "a job's values are MR_SUM, MR_COMBINE, MR_GROUP or MR_FIRST";
    if (spec->values == MR_COMBINE && !spec->combine)
        return "values that are combined need a combine";
    if (spec->values == MR_COMBINE && spec->value_size == 0)
        return "values that are combined need a size";
    if (spec->values != MR_COMBINE && spec->combine)
        return "a combine is of values that are combined, MR_COMBINE";
    if ((spec->values == MR_SUM || spec->values == MR_FIRST) && spec->value_size != 0 &&
        spec->value_size != sizeof(uint64_t))
        return "values that are summed are of 8 bytes";
    if (spec->add_tag != 0 &&
        (spec->values != MR_COMBINE || spec->value_size != 2 * sizeof(uint64_t)))
        return "add_tag is of values of two words that are combined, MR_COMBINE";
    if (spec->add_guard != 0 && spec->add_tag == 0)
        return "add_guard is of values with an add_tag";
    if (spec->rank && (spec->values != MR_COMBINE || !spec->reduce))
        return "a rank is of values that are combined, MR_COMBINE, and of a job with a reduce";
    if (spec->value_size > MR_VALUE_MOST)
        return "a value is of MR_VALUE_MOST bytes at most";
    if (spec->values != MR_GROUP && spec->value_order)
        return "a value_order is of values that are all kept, MR_GROUP";
    return NULL;
}

/* Whether results may have what min_rank and max_rank bound. */
static bool has_ranks(const struct mr_job_spec *spec)
{
    return spec->reduce || spec->values == MR_SUM ||
           (spec->values == MR_FIRST && spec->value_size > 0);
}

/* The same for the rest. */
static const char *check_rest(const struct mr_job_spec *spec)
{
    if (!spec->map && !spec->input->map)
        return "a job needs a map";
    if (!spec->map && spec->values != MR_SUM && spec->values != MR_FIRST)
        return "where values are not summed a job needs a map";
    if (spec->order != MR_ORDER_NONE && spec->order != MR_ORDER_KEY && spec->order != MR_ORDER_RANK)
        return "a job's order is MR_ORDER_NONE, MR_ORDER_KEY or MR_ORDER_RANK";
    if (spec->min_rank > 0 && !has_ranks(spec))
        return "a min_rank drops everything where all ranks are 0: without a reduce only sums are "
               "ranks";
    if (spec->max_rank > 0 && !has_ranks(spec))
        return "a max_rank drops nothing where all ranks are 0: without a reduce only sums are "
               "ranks";
    if (spec->collect && spec->output)
        return "a job has either a collect or an output";
    return NULL;
}

enum mr_status given_check(const struct mr_job_spec *spec, struct mr_error *error)
{
    enum mr_status status = input_check(spec->input, error);
    if (status == MR_OK && spec->output)
        status = results_check(spec->output, error);
    if (status != MR_OK)
        return status;
    const char *wrong = check_values(spec);
    if (!wrong)
        wrong = check_rest(spec);
    return wrong ? mr_error_set(error, MR_INVALID, EINVAL, "%s", wrong) : MR_OK;
}
