/* SPDX-License-Identifier: MIT
 *
 * grep - the lines of FILEs that hold a text, and where they begin: "FILE:OFFSET\tLINE". A key is a
 * place, its value the line: nothing is to be reduced.
 */
#define _GNU_SOURCE 1 /* memmem */
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    char *const *arguments = context;
    const char *text = arguments[1];
    const char *name = arguments[2 + split->number];
    struct mr_line line = {0};
    char place[4200];
    (void)state;
    while (mr_split_line(split, &line)) {
        if (!memmem(line.text, line.size, text, strlen(text)))
            continue;
        int size =
            snprintf(place, sizeof place, "%s:%012llu", name, (unsigned long long)line.offset);
        if (size < 0 || (size_t)size >= sizeof place)
            return mr_fail(error, 0, "%s: the name is too long", name);
        if (mr_emit_bytes(emitter, place, (size_t)size, line.text, line.size) != MR_OK)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct mr_error error = {.text = "usage: grep TEXT FILE..."};
    if (argc > 2) {
        struct mr_job_spec spec = {
            .struct_size = sizeof spec,
            .context = argv,
            .input = mr_input_files((const char *const *)argv + 2, (size_t)argc - 2),
            .map = map,
            .values = MR_GROUP,
            .order = MR_ORDER_KEY,
        };
        if (mr_run(NULL, &spec, NULL, &error) == MR_OK)
            return EXIT_SUCCESS;
    }
    fprintf(stderr, "grep: %s\n", error.text);
    return EXIT_FAILURE;
}
