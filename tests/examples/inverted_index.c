/* SPDX-License-Identifier: MIT
 *
 * inverted_index - where each word occurs in FILEs: "fool\t tempest.txt:142,178 king.txt:3", where
 * numbers are offsets. The places of a word come in the order of compare.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>

struct place {
    uint64_t file, offset;
};

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    for (size_t begin, at = 0; at < split->size; at++) {
        for (begin = at; at < split->size && split->data[at] > ' ';)
            at++;
        struct place place = {split->number, split->offset + begin};
        if (at > begin && mr_emit(emitter, split->data + begin, at - begin, &place) != MR_OK)
            return -1;
    }
    return 0;
}

static int compare(void *context, const void *a, size_t a_size, const void *b, size_t b_size)
{
    const struct place *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    char **names = context, *text = NULL;
    size_t size = 0;
    uint64_t last = UINT64_MAX;
    FILE *list = open_memstream(&text, &size);
    for (const struct place *p; list && (p = mr_values_next(values, NULL)); last = p->file)
        if (p->file == last)
            fprintf(list, ",%llu", (unsigned long long)p->offset);
        else
            fprintf(list, " %s:%llu", names[p->file], (unsigned long long)p->offset);
    bool whole = list && !ferror(list);
    whole = list && fclose(list) == 0 && text && whole;
    mr_put(results, key, key_size, 0, text, size);
    free(text);
    return whole ? 0 : mr_fail(error, 0, "no memory for a list of places");
}

int main(int argc, char **argv)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .reduce = reduce};
    struct mr_error error;
    spec.context = argv + 1;
    spec.input = mr_input_files((const char *const *)argv + 1, (size_t)argc - 1);
    spec.values = MR_GROUP;
    spec.value_size = sizeof(struct place);
    spec.value_order = compare;
    spec.order = MR_ORDER_KEY;
    if (mr_run(NULL, &spec, NULL, &error) == MR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "inverted_index: %s\n", error.text);
    return EXIT_FAILURE;
}
