/* SPDX-License-Identifier: MIT
 *
 * value_sort - a merge sort, since comparing is a call of the caller's code (see value_sort.h).
 */
#include "engine/reduce/value_sort.h"

/* Up to this many values insertion takes no more comparisons. */
#define FEW 6

int mr_compare_bytes(void *context, const void *a, size_t a_size, const void *b, size_t b_size)
{
    (void)context;
    const size_t size = a_size < b_size ? a_size : b_size;
    const int result = size > 0 ? memcmp(a, b, size) : 0;
    return result != 0 ? result : (a_size > b_size) - (a_size < b_size);
}

int value_sort_compare(const struct context *context, const struct mr_bytes *a,
                       const struct mr_bytes *b)
{
    const struct mr_job_spec *spec = &context->spec;
    const int result = spec->value_order(spec->context, a->data, a->size, b->data, b->size);
    return result != 0 ? result : mr_compare_bytes(NULL, a->data, a->size, b->data, b->size);
}

static void insert(const struct context *context, struct mr_bytes *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct mr_bytes value = list[i];
        size_t j = i;
        for (; j > 0 && value_sort_compare(context, &list[j - 1], &value) > 0; j--)
            list[j] = list[j - 1];
        list[j] = value;
    }
}

void value_sort_list(const struct context *context, struct mr_bytes *list, size_t count,
                     struct mr_bytes *spare)
{
    if (count <= FEW) {
        insert(context, list, count);
        return;
    }
    const size_t half = count / 2;
    value_sort_list(context, list, half, spare);
    value_sort_list(context, list + half, count - half, spare);
    if (value_sort_compare(context, &list[half - 1], &list[half]) <= 0)
        return;
    memcpy(spare, list, half * sizeof *list);
    size_t left = 0, right = half, at = 0;
    while (left < half && right < count)
        list[at++] = value_sort_compare(context, &spare[left], &list[right]) <= 0 ? spare[left++]
                                                                                  : list[right++];
    memcpy(list + at, spare + left, (half - left) * sizeof *list);
}

void value_sort_move(unsigned char *places, size_t stride, struct mr_bytes *list, size_t count,
                     unsigned char *room)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char *const first = places + i * stride;
        if (list[i].data == first)
            continue;
        /* Along the cycle each value goes where it belongs, the first one in the end. */
        memcpy(room, first, list[i].size);
        for (size_t at = i;;) {
            unsigned char *const to = places + at * stride;
            const unsigned char *const from = list[at].data;
            list[at].data = to;
            memcpy(to, from == first ? room : from, list[at].size);
            if (from == first)
                break;
            at = (size_t)(from - places) / stride;
        }
    }
}
