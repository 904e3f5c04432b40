/* SPDX-License-Identifier: MIT
 *
 * mapper - see mapper.h.
 *
 * A worker gives its CMD the split in hand and takes what comes out at the same time, so whichever
 * of the two is slow, and however much is printed for a line, neither waits for the other for ever.
 * What has come is mapped when the buffer is full: the CMD goes on meanwhile, as far as pipes go.
 */
#include "command/mapper.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "command/mapper_input.h"
#include "command/process.h"

/* Bytes of text that are mapped at once, as many as of a split of a FILE. */
#define TEXT_SIZE ((size_t)256 * 1024)
/* With less room than this it is mapped, rather than read in small pieces. */
#define LEAST_ROOM ((size_t)32 * 1024)
/* Bytes of a line that is typed at a terminal, as long as Linux lets them be. */
#define TERMINAL_LINE 4096

struct mapper {
    struct mapper_options options;
    struct mr_cuts cuts;
    struct mapper_input input;
    atomic_bool ran;        /* a CMD has been started */
    _Atomic uint64_t bytes; /* of text, as mapper_bytes has it */
};

/* Of one mapper of the job. */
struct mapper_state {
    void *inner;             /* the state of what maps the text */
    struct process *process; /* the CMD that runs, or NULL */
    bool finished;           /* one has run to its end, having stopped reading */
    bool unended;            /* what it was given last did not end a line */
    unsigned char *data;     /* text that came, of which `used` bytes are not mapped, */
    size_t used;             /* with MR_PAD bytes behind `capacity` */
    size_t capacity;
    uint64_t number, offset; /* of the split that it is the beginning of */
};

/* What every call of a hook has. */
struct mapper_call {
    struct mapper *mapper;
    struct mapper_state *state;
    struct mr_emitter *emitter;
    struct mr_error *error;
};

/* ---- The text -------------------------------------------------------------------------------- */

/* Maps a piece of the text. */
static int map_text(const struct mapper_call *call, const struct mr_split *split)
{
    struct mapper *mapper = call->mapper;
    const struct mapper_options *options = &mapper->options;

    if (split->size == 0)
        return 0;
    const bool ended = split->data[split->size - 1] == options->commands->options.end;
    atomic_fetch_add_explicit(&mapper->bytes, split->size + !ended, memory_order_relaxed);
    return options->map(options->context, call->state->inner, split, call->emitter, call->error);
}

/* Maps the first `size` bytes of what has come. */
static int map_front(const struct mapper_call *call, size_t size)
{
    struct mapper_state *state = call->state;
    const struct mr_split split = {
        .data = state->data, .size = size, .number = state->number, .offset = state->offset};

    /* There must be bytes there, and nobody should see uninitialised ones. */
    memset(state->data + state->used, 0, MR_PAD);
    if (map_text(call, &split) != 0)
        return -1;
    state->used -= size;
    state->offset += size;
    memmove(state->data, state->data + size, state->used);
    return 0;
}

/* Makes room for what comes: maps what is there up to the last cut, or, where there is none for
 * long, has a larger buffer. */
static int make_room(const struct mapper_call *call)
{
    struct mapper_state *state = call->state;
    const struct mr_cuts *cuts = &call->mapper->cuts;
    const size_t least = state->capacity / 8;

    if (state->capacity - state->used > (least < LEAST_ROOM ? least : LEAST_ROOM))
        return 0;
    const size_t cut = cuts->last(cuts->context, state->data, state->used);
    if (cut > 0 && map_front(call, cut) != 0)
        return -1;
    /* With as much to come as is there already, all is linear. */
    if (state->used <= state->capacity / 2)
        return 0;
    unsigned char *data =
        state->capacity <= SIZE_MAX / 4 ? realloc(state->data, 2 * state->capacity + MR_PAD) : NULL;
    if (data == NULL)
        return (int)mr_error_set(call->error, MR_NOMEM, ENOMEM,
                                 "out of memory: no room for the %zu bytes that '%.100s' printed "
                                 "without an end of a line",
                                 state->used, call->mapper->options.commands->options.mapper);
    state->data = data;
    state->capacity *= 2;
    return 0;
}

/* ---- The CMD --------------------------------------------------------------------------------- */

static int start(const struct mapper_call *call, const char *file, int input)
{
    atomic_store(&call->mapper->ran, true);
    return process_start(call->mapper->options.commands, SPAWNER_MAPPER, file, input,
                         &call->state->process, call->error);
}

/* Moves bytes to the CMD and from it; `wake` as of process_move. */
static int move(const struct mapper_call *call, struct process_io *io, int wake)
{
    struct mapper_state *state = call->state;

    if (make_room(call) != 0)
        return -1;
    io->output = state->data + state->used;
    io->output_room = state->capacity - state->used;
    io->output_size = 0;
    if (process_move(state->process, io, wake, call->error) != 0)
        return -1;
    state->used += io->output_size;
    return 0;
}

/* Gives the CMD all of these bytes. */
static int give(const struct mapper_call *call, const unsigned char *data, size_t size)
{
    struct process_io io = {.input = data, .input_size = size};

    while (io.input_size > 0)
        if (move(call, &io, -1) != 0)
            return -1;
    return 0;
}

/* Takes all that the CMD still prints, and waits for its end. */
static int finish(const struct mapper_call *call)
{
    struct mapper_state *state = call->state;
    struct process_io io = {.input_size = 0};

    process_end_input(state->process);
    while (process_prints(state->process))
        if (move(call, &io, -1) != 0)
            return -1;
    if (process_finish(state->process, call->error) != 0 || map_front(call, state->used) != 0)
        return -1;
    process_close(state->process);
    state->process = NULL;
    return 0;
}

/* A CMD is no process of the terminal's foreground, so what is typed is read for it. */
static int give_typed(const struct mapper_call *call, uint64_t number, int fd)
{
    const struct per_file *per_file = call->mapper->options.per_file;
    struct pollfd typed = {.fd = fd, .events = POLLIN};
    unsigned char line[TERMINAL_LINE];

    while (process_reads(call->state->process)) {
        struct process_io nothing = {.input_size = 0};
        if (poll(&typed, 1, 0) == 0) {
            if (move(call, &nothing, fd) != 0)
                return -1;
            continue;
        }
        const ssize_t got = io_read_some(fd, line, sizeof line);
        if (got < 0)
            per_file->fault(per_file->fault_context, per_file_name(per_file, number), errno);
        if (got <= 0)
            return 0;
        if (give(call, line, (size_t)got) != 0)
            return -1;
    }
    return 0;
}

/* A FILE as a whole. */
static int map_file(const struct mapper_call *call, uint64_t number)
{
    const struct mapper_options *options = &call->mapper->options;
    struct mapper_state *state = call->state;
    int fd;

    if (per_file_open(options->per_file, number, options->commands->wake, &fd) != 0)
        return 0;
    const bool terminal = isatty(fd) == 1;
    state->number = number;
    state->offset = 0;
    int rc = start(call, per_file_name(options->per_file, number), terminal ? -1 : fd);
    if (rc == 0 && terminal)
        rc = give_typed(call, number, fd);
    per_file_close(fd);
    return rc != 0 ? -1 : finish(call);
}

/* ---- The hooks of the job -------------------------------------------------------------------- */

static void free_state(struct mapper_state *state)
{
    process_close(state->process);
    free(state->data);
    free(state);
}

/* As mr_open. */
static int open_state(void *context, void **opened, struct mr_error *error)
{
    struct mapper *mapper = context;
    const struct mapper_options *options = &mapper->options;
    struct mapper_state *state = calloc(1, sizeof *state);

    if (state != NULL && options->commands->options.mapper != NULL) {
        state->capacity = options->text_size > 0 ? options->text_size : TEXT_SIZE;
        state->data = malloc(state->capacity + MR_PAD);
    }
    if (state == NULL || (state->data == NULL && state->capacity > 0)) {
        free(state);
        return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    }
    if (options->mapper_open != NULL &&
        options->mapper_open(options->context, &state->inner, error) != 0) {
        free_state(state);
        return -1;
    }
    *opened = state;
    return 0;
}

/* As mr_close. */
static void close_state(void *context, void *opened)
{
    const struct mapper *mapper = context;
    struct mapper_state *state = opened;

    if (mapper->options.mapper_close != NULL)
        mapper->options.mapper_close(mapper->options.context, state->inner);
    free_state(state);
}

/* As mr_map. */
static int map(void *context, void *opened, const struct mr_split *split,
               struct mr_emitter *emitter, struct mr_error *error)
{
    const struct mapper_call call = {context, opened, emitter, error};
    const struct commands_options *commands = &call.mapper->options.commands->options;
    struct mapper_state *state = opened;

    if (commands->mapper == NULL)
        return map_text(&call, split);
    if (call.mapper->options.per_file != NULL)
        return map_file(&call, split->number);
    if (state->finished || split->size == 0)
        return 0;
    if (state->process == NULL && start(&call, NULL, -1) != 0)
        return -1;
    /* The line that another FILE ends with is one, whatever comes behind it. */
    if ((state->unended && give(&call, &commands->end, 1) != 0) ||
        give(&call, split->data, split->size) != 0)
        return -1;
    state->unended = split->data[split->size - 1] != commands->end;
    if (process_reads(state->process))
        return 0;
    mapper_input_note_deaf(&call.mapper->input);
    state->finished = true;
    return finish(&call);
}

/* As mr_map_end. */
static int end_state(void *context, void *opened, struct mr_emitter *emitter,
                     struct mr_error *error)
{
    const struct mapper_call call = {context, opened, emitter, error};
    const struct mapper_options *options = &call.mapper->options;

    if (options->commands->options.mapper == NULL || options->per_file != NULL)
        return 0;
    /* Of an input without a byte one CMD is run: it may print all the same, or fail. */
    if (call.state->process == NULL) {
        if (atomic_exchange(&call.mapper->ran, true))
            return 0;
        if (start(&call, NULL, -1) != 0)
            return -1;
    }
    return finish(&call);
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

int mapper_new(const struct mapper_options *options, struct mapper **made, struct mr_error *error)
{
    struct mapper *mapper = calloc(1, sizeof *mapper);

    *made = mapper;
    if (mapper == NULL)
        return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    mapper->options = *options;
    mapper->cuts = *options->cuts;
    mapper->input.commands = options->commands;
    mapper->input.engine = options->engine;
    mapper->input.whole = options->per_file != NULL;
    atomic_init(&mapper->ran, false);
    atomic_init(&mapper->bytes, 0);
    return 0;
}

void mapper_describe(struct mapper *mapper, struct mr_job_spec *spec)
{
    spec->context = mapper;
    spec->mapper_open = open_state;
    spec->map = map;
    spec->mapper_end = end_state;
    spec->mapper_close = close_state;
}

struct mr_input *mapper_follow_input(struct mapper *mapper, struct mr_input *input)
{
    return mapper_input_follow(&mapper->input, input);
}

uint64_t mapper_bytes(const struct mapper *mapper)
{
    return atomic_load_explicit(&mapper->bytes, memory_order_relaxed);
}

void mapper_free(struct mapper *mapper)
{
    free(mapper);
}
