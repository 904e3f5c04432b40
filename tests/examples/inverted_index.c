/* SPDX-License-Identifier: MIT
 *
 * inverted_index - where each word occurs in FILEs: "fool tempest.txt:142 king.txt:3,17".
 *
 * Every value of a key is kept (a value_size, but no combine): reduce gets them all, in any order,
 * sorts them and writes the list as the payload of one result.
 */
#include "files.h"

struct place {
    uint64_t file;
    uint64_t line;
};

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)error;
    struct place place = {split->number, split->offset + 1};
    for (size_t at = 0; at < split->size;) {
        size_t begin = at;
        while (at < split->size && split->data[at] > ' ')
            at++;
        if (at > begin && mr_emit(emitter, split->data + begin, at - begin, &place) != 0)
            return 1;
        if (at < split->size && split->data[at++] == '\n')
            place.line++;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    (void)state;
    struct files *files = context;
    const struct place *place;
    size_t count = 0;
    struct place *places = malloc(((size_t)mr_values_count(values) + 1) * sizeof *places);
    int status = -1;
    if (!places)
        goto failed;
    while ((place = mr_values_next(values, NULL)))
        places[count++] = *place;
    qsort(places, count, sizeof *places, compare);

    char *text = NULL;
    size_t size = 0;
    FILE *list = open_memstream(&text, &size);
    if (!list)
        goto failed;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare(&places[i], &places[i - 1]) == 0)
            continue; /* twice in a line */
        if (i == 0 || places[i].file != places[i - 1].file)
            fprintf(list, " %s:", files->names[places[i].file]);
        else
            putc(',', list);
        fprintf(list, "%llu", (unsigned long long)places[i].line);
    }
    if (fclose(list) == 0)
        status = (int)mr_put(results, key, key_size, 0, text, size);
    free(text);
    if (status >= 0)
        goto done;

failed:
    status = mr_fail(error, errno, "no memory for a list of places");
done:
    free(places);
    return status;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        fwrite(records[i].key, 1, records[i].key_size, stdout);
        fwrite(records[i].payload, 1, records[i].payload_size, stdout);
        putchar('\n');
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct files files = {.names = argv + 1, .count = (size_t)argc - 1};
    struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = files_input(&files),
        .context = &files,
        .map = map,
        .values = MR_GROUP,
        .value_size = sizeof(struct place),
        .reduce = reduce,
        .order = MR_ORDER_KEY,
        .collect = collect,
    };
    int status = run_job(&spec);
    files_close(&files);
    return status;
}
