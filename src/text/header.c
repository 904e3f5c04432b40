/* SPDX-License-Identifier: MIT
 *
 * header - see header.h.
 */
#include "text/header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text/csv.h"
#include "text/field_walk.h"
#include "text/lines.h"
#include "text/room.h"
#include "text/tokenizer_state.h"

static void drop(struct header_file *file)
{
    if (file && atomic_fetch_sub(&file->users, 1) == 1)
        free(file);
}

/* ---- The header ------------------------------------------------------------------------------ */

/* The names that are wanted: those of keys, behind them those of values, NULL where one has
 * none. */
static size_t count_of(const struct header *header)
{
    const struct rows_options *rows = header->tokenizer->rows;

    return header->count + (rows ? rows->field_count : 0);
}

static const char *name_of(const struct header *header, size_t i)
{
    return i < header->count ? header->names[i]
                             : header->tokenizer->rows->fields[i - header->count].name;
}

/* Notes which names the field `number` has: the first field of a name is the one that is meant. */
static int look_at_field(const struct header *header, const struct field_walk *walk,
                         struct room *room, uint64_t number, uint64_t found[])
{
    const unsigned char *name = walk->data + walk->begin;
    size_t size = walk->end - walk->begin;

    if (walk->marked) {
        if (room_grow(room, size, false) != 0)
            return -1;
        size = header->tokenizer->kind->field_text(name, size, room->data);
        name = room->data;
    }
    for (size_t i = 0; i < count_of(header); i++) {
        const char *wanted = name_of(header, i);
        if (wanted && found[i] == 0 && strlen(wanted) == size && memcmp(wanted, name, size) == 0)
            found[i] = number;
    }
    return 0;
}

/* The ranges of a FILE from the numbers found for the names. NULL when memory is out. */
static struct header_file *make_file(const struct header *header, const uint64_t found[])
{
    const struct tokenizer *tokenizer = header->tokenizer;
    const size_t most = tokenizer->range_count + header->count;
    const size_t values = count_of(header) - header->count;
    struct header_file *file =
        malloc(sizeof *file + most * sizeof *file->ranges + values * sizeof *file->row_fields);

    if (!file)
        return NULL;
    atomic_init(&file->users, 1);
    file->missing = NULL;
    file->row_fields = (uint64_t *)(file->ranges + most);
    for (size_t i = count_of(header); i-- > 0;) {
        const char *name = name_of(header, i);
        if (i < header->count)
            file->ranges[i] = (struct range){found[i], found[i]};
        else
            file->row_fields[i - header->count] =
                name ? found[i] : tokenizer->row_fields[i - header->count];
        if (name && found[i] == 0)
            file->missing = name;
    }
    for (size_t i = 0; i < tokenizer->range_count; i++)
        file->ranges[header->count + i] = tokenizer->ranges[i];
    file->count = range_merge(file->ranges, most);
    return file;
}

/* Reads the header, which begins at walk->data. Returns 0, with *file NULL where an empty line
 * stands there instead, or -1 when memory is out. */
static int read_fields(const struct header *header, struct field_walk *walk,
                       struct header_file **file)
{
    const struct tokenizer *tokenizer = header->tokenizer;
    uint64_t *found = calloc(count_of(header) + 1, sizeof *found), number = 0;
    struct room room = {NULL, 0};
    int rc = found ? 0 : -1;

    while (rc == 0 && tokenizer->kind->next_field(tokenizer, walk))
        rc = look_at_field(header, walk, &room, ++number, found);
    if (rc == 0 && (number > 0 || !tokenizer->kind->in_order)) {
        *file = make_file(header, found);
        rc = *file ? 0 : -1;
    }
    room_free(&room);
    free(found);
    return rc;
}

/* Looks for the header in the split; what is not the header's there stands from ours->end on.
 * Returns -1 when memory is out. */
static int find(struct header *header, const struct mr_split *split, struct header_split *ours)
{
    const struct tokenizer *tokenizer = header->tokenizer;
    size_t at = split->offset == 0 ? csv_mark(split->data, split->size) : 0;

    while (!header->file && at < split->size) {
        struct field_walk walk = {.data = split->data + at, .size = split->size - at};
        size_t end = split->size;
        if (!tokenizer->kind->in_order) {
            const unsigned char *stop = memchr(walk.data, tokenizer->end, walk.size);
            end = stop ? (size_t)(stop - split->data) : end;
            walk.size = lines_without_return(tokenizer, split->data, at, end) - at;
            end += stop != NULL;
        }
        if (read_fields(header, &walk, &header->file) != 0)
            return -1;
        ours->begin = at;
        if (walk.unclosed) /* then it is no header: who maps the split will say so */
            at = 0;
        else
            at = tokenizer->kind->in_order ? at + walk.at : end;
    }
    ours->end = at;
    return 0;
}

/* ---- The input ------------------------------------------------------------------------------- */

static void release(void *context, struct mr_split *split)
{
    struct header *header = context;
    struct header_split *ours = split->handle;

    split->handle = ours->handle;
    if (header->reader.release)
        header->reader.release(header->reader.context, split);
    drop(ours->file);
    free(ours);
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct header *header = context;
    struct header_split *ours = calloc(1, sizeof *ours);
    int rc = 0;

    if (!ours)
        goto no_memory;
    rc = header->reader.next(header->reader.context, split, error);
    if (rc != 0 || split->end) {
        free(ours);
        return rc;
    }
    ours->handle = split->handle;
    split->handle = ours;
    if (!header->begun || split->number != header->number) {
        drop(header->file);
        header->file = NULL;
        header->number = split->number;
        header->begun = true;
    }
    if (!header->file && find(header, split, ours) != 0) {
        release(header, split);
        goto no_memory;
    }
    ours->file = header->file;
    if (ours->file)
        atomic_fetch_add(&ours->file->users, 1);
    split->context = (const unsigned char *)ours;
    split->context_size = sizeof *ours;
    return 0;

no_memory:
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

static void interrupt(void *context)
{
    struct header *header = context;

    header->reader.interrupt(header->reader.context);
}

static void end(void *context)
{
    struct header *header = context;

    drop(header->file);
    header->file = NULL;
    mr_input_release(header->input);
    header->input = NULL;
}

struct mr_input *header_follow(struct header *header, struct mr_input *input)
{
    const struct mr_reader *own = mr_input_reader(input);

    if (!own)
        return input;
    header->input = input;
    header->reader = *own;
    header->begun = false;
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = header,
        .size = own->size,
        .next = next,
        .release = release,
        .interrupt = own->interrupt ? interrupt : NULL,
        .close = end,
    };
    return mr_input_new(&reader);
}
