/* SPDX-License-Identifier: MIT
 *
 * wordcount - the words of FILEs, or of standard input, and how often each occurs: "WORD\tN",
 * frequent ones first.
 */
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    return (int)mr_emit_words(emitter, split->data, split->size);
}

int main(int argc, char **argv)
{
    struct mr_error error;
    struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = mr_input_files((const char *const *)argv + 1, (size_t)argc - 1),
        .map = map,
        .order = MR_ORDER_RANK,
    };
    if (mr_run(NULL, &spec, NULL, &error) == MR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "wordcount: %s\n", error.text);
    return EXIT_FAILURE;
}
