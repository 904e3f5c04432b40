/* SPDX-License-Identifier: MIT
 *
 * command_job.c - see command_job.h.
 */
#include "unit/command_job.h"

#include <check.h>
#include <string.h>

#include "base/line_cut.h"
#include "unit/line_counts.h"

static const unsigned char newline = '\n';

static const struct mr_cuts line_cuts = {
    .struct_size = sizeof line_cuts,
    .context = &newline,
    .first = line_cut_first,
    .last = line_cut_last,
};

static int open_state(void *context, void **state, struct mr_error *error)
{
    struct command_job *job = context;
    (void)error;
    *state = job;
    return 0;
}

static void close_state(void *context, void *state)
{
    struct command_job *job = context;
    ck_assert_ptr_eq(state, job);
    job->mappers++;
}

int command_job_map(void *context, void *state, const struct mr_split *split,
                    struct mr_emitter *emitter, struct mr_error *error)
{
    struct mr_line line = {.text = NULL};
    volatile unsigned char sum = 0;
    (void)error;
    ck_assert_ptr_eq(state, context);
    if (((struct command_job *)context)->command != NULL)
        ck_assert_ptr_null(split->handle);
    for (size_t i = 0; i < MR_PAD; i++)
        sum = (unsigned char)(sum + split->data[split->size + i]);
    while (mr_split_line(split, &line))
        if (mr_emit(emitter, line.text, line.size, NULL) != MR_OK)
            return -1;
    return 0;
}

static void pass(void *context, const void *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
}

void command_job_run(struct command_job *job)
{
    struct mr_error error = {.status = MR_OK};
    struct commands_options options = {
        .mapper = job->command, .end = '\n', .accepted = job->accepted, .pass = pass};
    struct commands *commands;
    struct mapper *mapper;
    struct mr_job_spec spec = {
        .struct_size = sizeof spec, .progress = job->progress, .small = job->alone};
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = &job->got, .collect = line_counts_collect};
    status_set_add(&options.accepted, 0);
    ck_assert_msg(commands_open(&options, &commands, &error) == 0, "%s", error.text);
    struct mr_engine *engine = line_counts_engine(job->threads);
    const struct mapper_options mapped = {
        .commands = commands,
        .engine = engine,
        .context = job,
        .mapper_open = open_state,
        .map = job->map != NULL ? job->map : command_job_map,
        .mapper_close = close_state,
        .cuts = job->cuts != NULL ? job->cuts : &line_cuts,
        .per_file = job->per_file,
        .text_size = job->text_size,
    };
    ck_assert_int_eq(mapper_new(&mapped, &mapper, &error), 0);
    struct mr_input *input = job->per_file != NULL ? per_file_input(job->per_file) : job->input;
    ck_assert_int_eq(mr_input_prepare(input, engine, &error), MR_OK);
    spec.input = mapper_follow_input(mapper, input);
    spec.output = mr_output_new(&writer);
    mapper_describe(mapper, &spec);
    tally_open(&job->got);
    job->mappers = 0;
    job->error.status = MR_OK;
    job->status = mr_run(engine, &spec, NULL, &job->error);
    job->bytes = mapper_bytes(mapper);
    mr_engine_close(engine);
    mapper_free(mapper);
    commands_close(commands, NULL);
}

void command_job_check(struct command_job *job, const void *data, size_t size)
{
    struct tally want;
    tally_open(&want);
    line_counts_add(&want, data, size, 1);
    command_job_run(job);
    ck_assert_msg(job->status == MR_OK, "%s", job->error.text);
    tally_compare(&job->got, &want);
    tally_close(&job->got);
    tally_close(&want);
}

void command_job_fails(struct command_job *job, enum mr_status status, const char *text)
{
    command_job_run(job);
    ck_assert_str_eq(job->error.text, text);
    ck_assert_int_eq(job->error.status, status);
    ck_assert_int_eq(job->status, status);
    tally_close(&job->got);
}

uint64_t command_job_count(const struct command_job *job, const char *key)
{
    uint64_t count = 0;
    for (size_t i = 0; i < job->got.count; i++) {
        const struct tally_item *item = &job->got.items[i];
        if (item->size == strlen(key) && memcmp(item->key, key, item->size) == 0)
            count += item->count;
    }
    return count;
}
