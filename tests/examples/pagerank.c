/* SPDX-License-Identifier: MIT
 *
 * pagerank - of lines "PAGE TARGET..." from standard input the rank of every page after ten rounds,
 * as Brin and Page had it in 1998: 0.15, and 0.85 of what pages that link to it share out. Each
 * round is a job that reads the table of the one before: pages, ranks, and as payloads targets.
 *
 * A value is either targets, each behind a blank, or a '+' and a share of a rank.
 */
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void map_page(const struct mr_record *page, struct mr_emitter *emitter)
{
    const unsigned char *at = page->payload, *end = at + page->payload_size, *next;
    size_t targets = 0;
    for (const unsigned char *c = at; c < end; c++)
        targets += *c == ' ';
    const double share = mr_rank_to_double(page->rank) / (double)(targets > 0 ? targets : 1);
    unsigned char value[1 + sizeof share] = "+";
    memcpy(value + 1, &share, sizeof share);
    mr_emit_bytes(emitter, page->key, page->key_size, at, page->payload_size);
    for (; at < end; at = next) {
        next = memchr(at + 1, ' ', (size_t)(end - at - 1));
        next = next ? next : end;
        mr_emit_bytes(emitter, at + 1, (size_t)(next - at - 1), value, sizeof value);
    }
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    const bool first = *(int *)context == 0;
    for (struct mr_line line = {0}; first && mr_split_line(split, &line);) {
        const unsigned char *blank = memchr(line.text, ' ', line.size);
        const size_t size = blank ? (size_t)(blank - line.text) : line.size;
        mr_emit_bytes(emitter, line.text, size, line.text + size, line.size - size);
    }
    for (size_t i = 0; !first && mr_split_record(split, i); i++)
        map_page(mr_split_record(split, i), emitter);
    return 0;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    double share, rank = 0.15;
    char *targets = NULL, text[32];
    size_t size, used = 0;
    FILE *stream = open_memstream(&targets, &used);
    for (const char *value; stream && (value = mr_values_next(values, &size)) != NULL;)
        if (size > 0 && value[0] == '+')
            rank += 0.85 * *(double *)memcpy(&share, value + 1, sizeof share);
        else
            fwrite(value, 1, size, stream);
    bool whole = stream && !ferror(stream), last = *(int *)context == 10;
    whole = stream && fclose(stream) == 0 && targets && whole;
    size = last ? (size_t)snprintf(text, sizeof text, "%.6f", rank) : used;
    mr_put(results, key, key_size, mr_rank_of_double(rank), last ? text : targets, size);
    free(targets);
    return whole ? 0 : mr_fail(error, 0, "no memory for targets");
}

int main(void)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .reduce = reduce};
    struct mr_table *tables[11] = {NULL};
    struct mr_error error = {0};
    spec.values = MR_GROUP;
    spec.value_order = mr_compare_bytes; /* doubles are added in an order that repeats */
    spec.order = MR_ORDER_KEY;
    for (int round = 0; error.status == MR_OK && round <= 10; round++) {
        spec.context = &round;
        spec.input = round > 0 ? mr_input_table(tables[round]) : mr_input_files(NULL, 0);
        spec.output = round < 10 ? mr_output_table(&tables[round + 1]) : NULL;
        mr_run(NULL, &spec, NULL, &error);
        mr_table_release(tables[round]);
    }
    if (error.status != MR_OK)
        fprintf(stderr, "pagerank: %s\n", error.text);
    return error.status == MR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
