/* SPDX-License-Identifier: MIT
 *
 * range - see range.h.
 */
#include "base/range.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct range *left = a, *right = b;

    return (left->first > right->first) - (left->first < right->first);
}

size_t range_merge(struct range *ranges, size_t count)
{
    size_t kept = 0;

    if (count == 0)
        return 0;
    qsort(ranges, count, sizeof *ranges, compare);
    for (size_t i = 1; i < count; i++) {
        if (ranges[kept].last == UINT64_MAX || ranges[i].first <= ranges[kept].last + 1) {
            if (ranges[i].last > ranges[kept].last)
                ranges[kept].last = ranges[i].last;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    return kept + 1;
}
