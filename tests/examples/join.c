/* SPDX-License-Identifier: MIT
 *
 * join - the lines of two files that have the first word in common: for "7 pear" in LEFT and
 * "7 green" in RIGHT it prints "7\tpear green", and every pair where there are several. A value
 * begins with the number of its file, so that in order those of LEFT come first.
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
        if (!blank)
            continue;
        const size_t key_size = (size_t)(blank - line.text);
        unsigned char *value = malloc(line.size - key_size);
        if (!value)
            return mr_fail(error, 0, "no memory for a line of %zu bytes", line.size);
        memcpy(value, blank, line.size - key_size);
        value[0] = (unsigned char)split->number;
        mr_emit_bytes(emitter, line.text, key_size, value, line.size - key_size);
        free(value);
    }
    return 0;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    size_t count, lefts = 0;
    const struct mr_bytes *all = mr_values_array(values, &count);
    if (!all)
        return mr_fail(error, 0, "%.*s: too many lines", (int)key_size, (const char *)key);
    while (lefts < count && all[lefts].data[0] == 0)
        lefts++;
    for (size_t i = 0; i < lefts; i++)
        for (size_t j = lefts; j < count; j++) {
            const size_t left = all[i].size - 1, right = all[j].size - 1;
            char *both = malloc(left + 1 + right);
            if (!both)
                return mr_fail(error, 0, "no memory for a line of %zu bytes", left + 1 + right);
            memcpy(both, all[i].data + 1, left);
            both[left] = ' ';
            memcpy(both + left + 1, all[j].data + 1, right);
            mr_put(results, key, key_size, 0, both, left + 1 + right);
            free(both);
        }
    return 0;
}

int main(int argc, char **argv)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .reduce = reduce};
    struct mr_error error = {.text = "usage: join LEFT RIGHT"};
    spec.input = argc == 3 ? mr_input_files((const char *const *)argv + 1, 2) : NULL;
    spec.values = MR_GROUP;
    spec.value_order = mr_compare_bytes;
    spec.order = MR_ORDER_KEY;
    if (argc == 3 && mr_run(NULL, &spec, NULL, &error) == MR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "join: %s\n", error.text);
    return EXIT_FAILURE;
}
