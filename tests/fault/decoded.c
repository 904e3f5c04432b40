/* SPDX-License-Identifier: MIT
 *
 * decoded FILE... - counts the lines of FILEs that are decoded, to be run with calls that fail.
 *
 * Of a FILE that begins with "!D" or "!O" the rest has the highest bit of each byte turned over:
 * pieces of the one are decoded side by side, those of the other come as text. Prints how many
 * lines there are and how many different ones, or the error as one line on standard error (exit
 * status 2).
 */
#include <errno.h>
#include <mapreduce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 5000

struct decoding {
    bool in_order, begun;
};

static int open_file(void *context, struct mr_encoded *encoded, void **opened, size_t *skip,
                     struct mr_error *error)
{
    (void)context;
    (void)skip;
    if (encoded->head_size < 2 || encoded->head[0] != '!')
        return 0;
    struct decoding *decoding = calloc(1, sizeof *decoding);
    if (!decoding)
        return mr_fail(error, ENOMEM, "out of memory for a decoding");
    decoding->in_order = encoded->in_order = encoded->head[1] == 'O';
    (void)encoded->hold(encoded, sizeof *decoding);
    *opened = decoding;
    return 0;
}

/* Appends the bytes, turned over. */
static int turn(const unsigned char *bytes, size_t size, struct mr_buffer *text,
                struct mr_error *error)
{
    unsigned char *room = mr_buffer_reserve(text, size);
    if (!room)
        return mr_fail(error, ENOMEM, "out of memory for text");
    for (size_t i = 0; i < size; i++)
        room[i] = bytes[i] ^ 0x80;
    mr_buffer_commit(text, size);
    return 1;
}

static int take(void *context, struct mr_encoded *encoded, struct mr_piece *piece,
                struct mr_error *error)
{
    struct decoding *decoding = context;
    unsigned char bytes[PIECE], *at = bytes;
    long got = 0, more;
    do {
        more = encoded->read(encoded, bytes + got, (size_t)(PIECE - got));
        got += more > 0 ? more : 0;
    } while (more > 0 && got < PIECE);
    if (more < 0)
        return -1;
    piece->length = (uint64_t)got;
    if (!decoding->begun && got >= 2) {
        at += 2;
        got -= 2;
    }
    decoding->begun = true;
    if (decoding->in_order) {
        if (turn(at, (size_t)got, piece->text, error) != 1)
            return -1;
    } else if (got > 0) {
        unsigned char *room = mr_buffer_reserve(piece->bytes, (size_t)got);
        if (!room)
            return mr_fail(error, ENOMEM, "out of memory for a piece");
        memcpy(room, at, (size_t)got);
        mr_buffer_commit(piece->bytes, (size_t)got);
    }
    return more > 0;
}

static int decode(void *context, struct mr_piece *piece, struct mr_error *error)
{
    size_t size;
    const unsigned char *bytes = mr_buffer_data(piece->bytes, &size);
    (void)context;
    return turn(bytes, size, piece->text, error);
}

int main(int argc, char **argv)
{
    const struct mr_decoder decoder = {
        .struct_size = sizeof decoder,
        .open = open_file,
        .take = take,
        .decode = decode,
        .close = free,
    };
    const struct mr_files files = {
        .struct_size = sizeof files,
        .names = (const char *const *)argv + 1,
        .count = (size_t)argc - 1,
        .decoder = &decoder,
    };
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = 2, .memory = 1};
    struct mr_job_spec spec = {.struct_size = sizeof spec, .order = MR_ORDER_KEY};
    struct mr_error error = {.status = MR_OK};
    struct mr_table *table = NULL;
    struct mr_engine *engine;
    uint64_t lines = 0, bytes = 0;
    static char room[BUFSIZ]; /* no memory that only a run without a fault takes */
    (void)setvbuf(stdout, room, _IOFBF, sizeof room);
    if (mr_engine_open(&options, &engine, &error) == MR_OK) {
        spec.input = mr_input_files_with(&files);
        spec.output = mr_output_table(&table);
        (void)mr_run(engine, &spec, NULL, &error);
        mr_engine_close(engine);
    }
    for (size_t i = 0; i < mr_table_count(table); i++) {
        const struct mr_record *record = mr_table_record(table, i);
        lines += record->rank;
        bytes += record->rank * record->key_size;
    }
    if (error.status == MR_OK)
        printf("%zu of %ju lines, %ju bytes\n", mr_table_count(table), (uintmax_t)lines,
               (uintmax_t)bytes);
    mr_table_release(table);
    if (error.status == MR_OK)
        return fflush(stdout) == 0 ? 0 : (perror("decoded: standard output"), 2);
    fprintf(stderr, "decoded: %s\n", error.text);
    return 2;
}
