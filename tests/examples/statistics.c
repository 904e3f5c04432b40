/* SPDX-License-Identifier: MIT
 *
 * statistics - of lines "KEY NUMBER" the least, the greatest and the mean number of each key:
 * "KEY\tLEAST\tGREATEST\tMEAN". A mean cannot be combined, but a sum and a count can.
 */
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct numbers {
    long long least, greatest, sum, count;
};

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    for (struct mr_line line = {0}; mr_split_line(split, &line);) {
        const unsigned char *blank = memchr(line.text, ' ', line.size);
        size_t key_size = blank ? (size_t)(blank - line.text) : line.size;
        char text[32], *end;
        snprintf(text, sizeof text, "%.*s", (int)(line.size - key_size), line.text + key_size);
        long long number = strtoll(text, &end, 10);
        struct numbers one = {number, number, number, 1};
        if (end > text && mr_emit(emitter, line.text, key_size, &one) != MR_OK)
            return -1;
    }
    return 0;
}

static void combine(void *context, void *into, const void *from)
{
    struct numbers *a = into;
    const struct numbers *b = from;
    a->least = a->least < b->least ? a->least : b->least;
    a->greatest = a->greatest > b->greatest ? a->greatest : b->greatest;
    a->sum += b->sum;
    a->count += b->count;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct numbers *all = mr_values_next(values, NULL);
    double mean = (double)all->sum / (double)all->count;
    char text[100];
    int size = snprintf(text, sizeof text, "%lld\t%lld\t%.2f", all->least, all->greatest, mean);
    return (int)mr_put(results, key, key_size, 0, text, (size_t)size);
}

int main(int argc, char **argv)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .reduce = reduce};
    struct mr_error error;
    spec.input = mr_input_files((const char *const *)argv + 1, (size_t)argc - 1);
    spec.values = MR_COMBINE;
    spec.value_size = sizeof(struct numbers);
    spec.combine = combine;
    spec.order = MR_ORDER_KEY;
    if (mr_run(NULL, &spec, NULL, &error) == MR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "statistics: %s\n", error.text);
    return EXIT_FAILURE;
}
