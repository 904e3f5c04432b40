/* SPDX-License-Identifier: MIT
 *
 * distinct - of lines "KEY VALUE" how many different values each key has: "KEY\tN", most first. The
 * values come in order, so that equal ones follow each other, and one at a time, so that a key may
 * have more of them than memory holds.
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
        size_t key_size = blank ? (size_t)(blank - line.text) : 0;
        if (blank && mr_emit_bytes(emitter, line.text, key_size, blank + 1,
                                   line.size - key_size - 1) != MR_OK)
            return -1;
    }
    return 0;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    unsigned char *last = NULL; /* a value is valid until the next is read */
    size_t size, last_size = 0;
    uint64_t count = 0;
    for (const void *value; (value = mr_values_next(values, &size)) != NULL; last_size = size) {
        if (count > 0 && size == last_size && memcmp(value, last, size) == 0)
            continue;
        unsigned char *copy = realloc(last, size + 1);
        if (!copy) {
            free(last);
            return mr_fail(error, 0, "no memory for a value of %zu bytes", size);
        }
        last = memcpy(copy, value, size);
        count++;
    }
    free(last);
    return (int)mr_put(results, key, key_size, count, NULL, 0);
}

int main(int argc, char **argv)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .reduce = reduce};
    struct mr_error error;
    spec.input = mr_input_files((const char *const *)argv + 1, (size_t)argc - 1);
    spec.values = MR_GROUP;
    spec.value_order = mr_compare_bytes;
    spec.order = MR_ORDER_RANK;
    if (mr_run(NULL, &spec, NULL, &error) == MR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "distinct: %s\n", error.text);
    return EXIT_FAILURE;
}
