/* SPDX-License-Identifier: MIT
 *
 * top3 - of lines "KEY NUMBER" the three greatest numbers of each key: "KEY\t9 7 7". The values of
 * a key come in the order of compare, so that a reduce need not see them all.
 */
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    for (struct mr_line line = {0}; mr_split_line(split, &line);) {
        const unsigned char *blank = memchr(line.text, ' ', line.size);
        size_t key_size = blank ? (size_t)(blank - line.text) : line.size;
        char text[32], *end;
        snprintf(text, sizeof text, "%.*s", (int)(line.size - key_size), line.text + key_size);
        long long number = strtoll(text, &end, 10);
        if (end > text && mr_emit(emitter, line.text, key_size, &number) != MR_OK)
            return -1;
    }
    return 0;
}

static int compare(void *context, const void *a, size_t a_size, const void *b, size_t b_size)
{
    const long long x = *(const long long *)a, y = *(const long long *)b;
    return (x < y) - (x > y);
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const long long *value;
    char text[100] = "";
    int size = 0;
    for (int i = 0; i < 3 && (value = mr_values_next(values, NULL)) != NULL; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, i ? " %lld" : "%lld", *value);
    return (int)mr_put(results, key, key_size, 0, text, (size_t)size);
}

int main(int argc, char **argv)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .reduce = reduce};
    struct mr_error error;
    spec.input = mr_input_files((const char *const *)argv + 1, (size_t)argc - 1);
    spec.values = MR_GROUP;
    spec.value_size = sizeof(long long);
    spec.value_order = compare;
    spec.order = MR_ORDER_KEY;
    if (mr_run(NULL, &spec, NULL, &error) == MR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "top3: %s\n", error.text);
    return EXIT_FAILURE;
}
