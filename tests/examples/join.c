/* SPDX-License-Identifier: MIT
 *
 * join - the lines of two files that have the first word in common: for "7 pear" in LEFT and
 * "7 green" in RIGHT it prints "7 pear green", and every pair where there are several.
 *
 * A value is kept as it is and says which side it is from and where its text lies; the text itself
 * stays in the files, which live as long as the job. One reduce call sees both sides of its key.
 */
#include "files.h"

struct half {
    const unsigned char *text;
    uint64_t size;
    uint64_t side;
};

/* Both files whole: their bytes must stay where they are, so a split is a file. */
struct sides {
    struct file *file[2];
    size_t next;
};

static int sides_next(void *context, struct mr_split *split, struct mr_error *error)
{
    (void)error;
    struct sides *sides = context;
    split->end = sides->next == 2;
    if (split->end)
        return 0;
    struct file *file = sides->file[sides->next];
    split->data = file->bytes;
    split->size = file->size;
    split->length = file->size;
    split->number = sides->next++;
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)error;
    const unsigned char *at = split->data;
    const unsigned char *end = at + split->size;
    while (at < end) {
        const unsigned char *line = at;
        const unsigned char *newline = memchr(at, '\n', (size_t)(end - at));
        const unsigned char *line_end = newline ? newline : end;
        at = newline ? newline + 1 : end;
        const unsigned char *blank = memchr(line, ' ', (size_t)(line_end - line));
        if (!blank)
            blank = line_end;
        struct half half = {blank, (uint64_t)(line_end - blank), split->number};
        if (blank > line && mr_emit(emitter, line, (size_t)(blank - line), &half) != 0)
            return 1;
    }
    return 0;
}

/* Sides apart, then by text: values come in no promised order, the output has one. */
static int compare(const void *a, const void *b)
{
    const struct half *x = a, *y = b;
    if (x->side != y->side)
        return x->side < y->side ? -1 : 1;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    if (order != 0)
        return order;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* Writes every pair of a left and a right half as a line. */
static void write_pairs(FILE *out, const void *key, size_t key_size, const struct half *halves,
                        size_t count)
{
    size_t lefts = 0;
    while (lefts < count && halves[lefts].side == 0)
        lefts++;
    for (size_t i = 0; i < lefts; i++) {
        for (size_t j = lefts; j < count; j++) {
            fwrite(key, 1, key_size, out);
            fwrite(halves[i].text, 1, halves[i].size, out);
            fwrite(halves[j].text, 1, halves[j].size, out);
            putc('\n', out);
        }
    }
}

/* One result a key: its lines are the payload. */
static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    (void)state;
    (void)context;
    const struct half *half;
    size_t count = 0;
    struct half *halves = malloc(((size_t)mr_values_count(values) + 1) * sizeof *halves);
    int status = -1;
    char *text = NULL;
    size_t size = 0;
    if (!halves)
        goto failed;
    while ((half = mr_values_next(values, NULL)))
        halves[count++] = *half;
    qsort(halves, count, sizeof *halves, compare);

    FILE *out = open_memstream(&text, &size);
    if (!out)
        goto failed;
    write_pairs(out, key, key_size, halves, count);
    if (fclose(out) != 0)
        goto failed;
    status = size > 0 ? (int)mr_put(results, key, key_size, 0, text, size) : 0;
    goto done;

failed:
    status = mr_fail(error, errno, "no memory for the lines of a key");
done:
    free(text);
    free(halves);
    return status;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        fwrite(records[i].payload, 1, records[i].payload_size, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: join LEFT RIGHT\n", stderr);
        return 2;
    }
    struct sides sides = {0};
    struct mr_error error;
    int status = EXIT_FAILURE;
    for (size_t i = 0; i < 2; i++) {
        sides.file[i] = file_read(argv[i + 1], &error);
        if (!sides.file[i]) {
            fprintf(stderr, "%s\n", error.text);
            goto done;
        }
    }
    struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = mr_input_new(&(struct mr_reader){.struct_size = sizeof(struct mr_reader),
                                                  .context = &sides,
                                                  .size = MR_UNKNOWN,
                                                  .next = sides_next}),
        .map = map,
        .values = MR_GROUP,
        .value_size = sizeof(struct half),
        .reduce = reduce,
        .order = MR_ORDER_KEY,
        .collect = collect,
    };
    status = run_job(&spec);
done:
    for (size_t i = 0; i < 2; i++) {
        if (sides.file[i])
            file_release(sides.file[i]);
    }
    return status;
}
