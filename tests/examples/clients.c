/* SPDX-License-Identifier: MIT
 *
 * clients - how many lines each of FILEs has: "FILE\tN", in no order. Every FILE is a job of its
 * own, and all run at once on one engine, whose threads and memory they share.
 */
#include <mapreduce.h>
#include <stdio.h>
#include <string.h>

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    uint64_t lines = 0;
    for (struct mr_line line = {0}; mr_split_line(split, &line);)
        lines++;
    return (int)mr_emit(emitter, context, strlen(context), &lines);
}

int main(int argc, char **argv)
{
    struct mr_error error = {.text = "more than 64 FILEs"};
    struct mr_engine *engine = NULL;
    struct mr_job *jobs[64] = {NULL};
    enum mr_status status = argc <= 65 ? mr_engine_open(NULL, &engine, &error) : MR_INVALID;
    for (int i = 0; i < argc - 1 && status == MR_OK; i++) {
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = argv[i + 1], .map = map};
        spec.input = mr_input_files((const char *const *)&argv[i + 1], 1);
        status = mr_submit(engine, &spec, &jobs[i], &error);
    }
    for (int i = 0; i < argc - 1 && status == MR_OK; i++)
        status = mr_job_wait(jobs[i], -1, NULL, &error);
    for (int i = 0; i < 64; i++)
        mr_job_release(jobs[i]); /* cancels what still runs */
    mr_engine_close(engine);
    if (status != MR_OK)
        fprintf(stderr, "clients: %s\n", error.text);
    return status != MR_OK;
}
