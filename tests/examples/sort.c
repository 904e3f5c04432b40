/* SPDX-License-Identifier: MIT
 *
 * sort - the lines of FILEs, in order of what stands before their first tab, equal ones in order of
 * the rest. Keys are sorted by the engine, and values too, since all are kept and none is reduced.
 */
#include <mapreduce.h>
#include <stdio.h>
#include <string.h>

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    for (struct mr_line line = {0}; mr_split_line(split, &line);) {
        const unsigned char *tab = memchr(line.text, '\t', line.size);
        const size_t size = tab ? (size_t)(tab - line.text) : line.size;
        mr_emit_bytes(emitter, line.text, size, line.text + size, line.size - size);
    }
    return 0;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    for (size_t i = 0; i < count; i++) {
        fwrite(records[i].key, 1, records[i].key_size, stdout);
        fwrite(records[i].payload, 1, records[i].payload_size, stdout);
        putchar('\n');
    }
    return ferror(stdout) ? mr_fail(error, 0, "cannot write lines") : 0;
}

int main(int argc, char **argv)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .collect = collect};
    struct mr_error error;
    spec.input = mr_input_files((const char *const *)argv + 1, (size_t)argc - 1);
    spec.values = MR_GROUP;
    spec.order = MR_ORDER_KEY;
    if (mr_run(NULL, &spec, NULL, &error) == MR_OK && fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "sort: %s\n", error.status == MR_OK ? "cannot write lines" : error.text);
    return 1;
}
