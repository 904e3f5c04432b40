/* SPDX-License-Identifier: MIT
 *
 * shares - records with what they are of the whole; see shares.h.
 */
#include "cli/shares.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "cli/encode_columns.h"

/* What the further columns of a line take, at most: each a label or a blank and the number. */
#define SHARES_COLUMNS_ROOM 64
/* Whole lines are put out together when they are so many bytes. */
#define SHARES_AT_ONCE ((size_t)64 << 10)

/* What stands before the text of a line that has gaps. */
struct shares_line {
    amount number; /* of which it has the shares */
    size_t size;   /* of the text, without what ends the line; */
    size_t before; /* behind so much of it the further columns belong */
};

struct shares {
    struct shares_options made;
    struct encode_form bare; /* lines without an end */
    shares_total *total_of;
    void *total_context;

    struct thread_mutex lock; /* of these three */
    bool known;
    unsigned scale; /* of all amounts */
    amount total;

    amount so_far; /* of what was put out, in order */
    size_t used, room;
    unsigned char *out; /* whole lines */
};

bool shares_wanted(const struct options *options)
{
    return options->percent || options->cumulative || options->others != NULL;
}

int shares_open(const struct shares_options *made, struct shares **shares, struct mr_error *error)
{
    struct shares *opened = malloc(sizeof *opened);

    *shares = NULL;
    if (opened == NULL || thread_mutex_open(&opened->lock) != 0) {
        free(opened);
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    opened->made = *made;
    opened->bare = made->form;
    opened->bare.end_size = 0;
    opened->known = false;
    opened->so_far = 0;
    opened->used = opened->room = 0;
    opened->out = NULL;
    *shares = opened;
    return 0;
}

void shares_close(struct shares *shares)
{
    if (shares == NULL)
        return;
    thread_mutex_close(&shares->lock);
    free(shares->out);
    free(shares);
}

void shares_set_total(struct shares *shares, shares_total *total, void *context)
{
    shares->total_of = total;
    shares->total_context = context;
}

bool shares_in_order(const struct shares *shares)
{
    const struct options *options = shares->made.options;

    return options->cumulative || options->others != NULL;
}

bool shares_wait(const struct shares *shares)
{
    const struct computed *computed = &shares->made.options->computed;

    return computed->count > 0 && computed->columns[0].op != COMPUTED_COUNT;
}

/* ---- The total ---------------------------------------------------------------------------- */

static int shares_read_total(struct shares *shares, struct mr_error *error)
{
    char text[AMOUNT_ROOM];

    if (shares->total_of(shares->total_context, text, error) != 0)
        return -1;
    shares->scale = amount_scale((const unsigned char *)text, strlen(text));
    if (!amount_read((const unsigned char *)text, strlen(text), shares->scale, &shares->total) ||
        (!shares_wait(shares) && shares->total > UINT64_MAX)) {
        mr_error_set(error, MR_OVERFLOW, 0, "the total is past 2^64-1");
        return -1;
    }
    shares->known = true;
    return 0;
}

/* Sees to it that the total is known. It stays as it is then, and may be read without the lock. */
static int shares_need_total(struct shares *shares, struct mr_error *error)
{
    thread_lock(&shares->lock);
    const int status = shares->known ? 0 : shares_read_total(shares, error);
    thread_unlock(&shares->lock);
    return status;
}

/* ---- A line ------------------------------------------------------------------------------- */

/* Writes one further column. */
static unsigned char *shares_column(unsigned char *out, enum options_format format,
                                    const char *name, amount part, amount whole)
{
    unsigned char text[AMOUNT_SHARE_ROOM];
    const size_t size = amount_write_share(amount_share(part, whole), text);

    switch (format) {
    case OPTIONS_CSV:
    case OPTIONS_TABLE: /* is made of csv */
        *out++ = ',';
        break;
    case OPTIONS_JSON:
        *out++ = ',';
        *out++ = '"';
        out = (unsigned char *)stpcpy((char *)out, name);
        *out++ = '"';
        *out++ = ':';
        break;
    case OPTIONS_UNIQ: /* in columns of a width, the key behind them */
        memset(out, ' ', 1 + sizeof text - size);
        out += 1 + sizeof text - size;
        break;
    default:
        *out++ = '\t';
        break;
    }
    return mempcpy(out, text, size);
}

/* Writes what the line of that number has, `so_far` with it; returns its size. */
static size_t shares_columns(const struct shares *shares, amount number, amount so_far,
                             unsigned char columns[SHARES_COLUMNS_ROOM])
{
    const struct options *options = shares->made.options;
    unsigned char *out = columns;

    if (options->percent)
        out = shares_column(out, options->format, "percent", number, shares->total);
    if (options->cumulative)
        out = shares_column(out, options->format, "cumulative", so_far, shares->total);
    return (size_t)(out - columns);
}

/* Behind how much of a line's text the further columns belong. */
static size_t shares_before(const struct shares *shares, const struct mr_record *record,
                            size_t size)
{
    const enum options_format format = shares->made.options->format;

    return format == OPTIONS_JSON   ? size - 1 /* a brace */
           : format == OPTIONS_UNIQ ? size - record->key_size - 1
                                    : size;
}

/* ---- Encoding ----------------------------------------------------------------------------- */

/* Room to find what is computed for any of the records; NULL when memory is out. */
static unsigned char *shares_texts(const struct shares *shares, const struct mr_record *records,
                                   size_t count)
{
    const struct encode_columns *columns = shares->made.form.columns;
    size_t most = 1;

    for (size_t i = 0; columns != NULL && i < count; i++)
        if (records[i].payload_size + columns->room > most)
            most = records[i].payload_size + columns->room;
    return malloc(most);
}

/* The number of which a record has a share. Returns false where it is no part of the total. */
static bool shares_number(const struct shares *shares, const struct mr_record *record,
                          unsigned char *texts, amount *number)
{
    const struct encode_columns *columns = shares->made.form.columns;
    struct mr_bytes key;

    *number = record->rank;
    if (columns != NULL) {
        const size_t size = columns->record(columns->context, record, &key, texts);
        const unsigned char *tab = memchr(texts, '\t', size);
        if (!amount_read(texts, tab != NULL ? (size_t)(tab - texts) : size, shares->scale, number))
            return false;
    }
    return *number <= shares->total;
}

/* Puts the columns into a line that lies at the end of what the buffer has, and ends it. */
static int shares_complete(const struct shares *shares, const struct shares_line *line,
                           struct mr_buffer *bytes)
{
    const struct encode_form *form = &shares->made.form;
    unsigned char columns[SHARES_COLUMNS_ROOM];
    const size_t size = shares_columns(shares, line->number, 0, columns);
    unsigned char *end = mr_buffer_reserve(bytes, size + sizeof form->end);

    if (end == NULL)
        return -1;
    memmove(end - (line->size - line->before) + size, end - (line->size - line->before),
            line->size - line->before);
    memcpy(end - (line->size - line->before), columns, size);
    memcpy(end + size, form->end, sizeof form->end);
    mr_buffer_commit(bytes, size + form->end_size);
    return 0;
}

static int shares_encode_one(const struct shares *shares, const struct mr_record *record,
                             amount number, struct mr_buffer *bytes)
{
    const bool gaps = shares_in_order(shares);
    struct shares_line line = {.number = number};
    size_t begin, end;

    if (gaps && encode_literal(bytes, &line, sizeof line) != 0)
        return -1;
    (void)mr_buffer_data(bytes, &begin);
    if (shares->made.encode(record, 1, &shares->bare, bytes) != 0)
        return -1;
    unsigned char *data = mr_buffer_data(bytes, &end);
    line.size = end - begin;
    line.before = shares_before(shares, record, line.size);
    if (!gaps)
        return shares_complete(shares, &line, bytes);
    memcpy(data + begin - sizeof line, &line, sizeof line);
    return 0;
}

int shares_encode(struct shares *shares, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    unsigned char *texts;
    amount number;
    int status = 0;

    if (shares_need_total(shares, error) != 0)
        return -1;
    texts = shares_texts(shares, records, count);
    if (texts == NULL)
        status = -1;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (!shares_number(shares, &records[i], texts, &number)) {
            free(texts);
            return mr_fail(error, 0, "a number is no part of the total");
        }
        status = shares_encode_one(shares, &records[i], number, bytes);
    }
    free(texts);
    if (status != 0)
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory while printing");
    return status;
}

/* ---- Writing in order --------------------------------------------------------------------- */

static int shares_flush(struct shares *shares, struct mr_error *error)
{
    const size_t used = shares->used;

    shares->used = 0;
    return used == 0 ? 0 : shares->made.put(shares->made.put_context, shares->out, used, error);
}

/* Room for `more` bytes behind the lines there are; NULL when memory is out. */
static unsigned char *shares_reserve(struct shares *shares, size_t more)
{
    size_t room;

    if (__builtin_add_overflow(shares->used, more, &room))
        return NULL;
    if (room > shares->room) {
        unsigned char *grown = realloc(shares->out, room + room / 2);
        if (grown == NULL)
            return NULL;
        shares->out = grown;
        shares->room = room + room / 2;
    }
    return shares->out + shares->used;
}

/* Fills the gaps of a line, for which text lies behind it. */
static int shares_fill(struct shares *shares, const struct shares_line *line,
                       const unsigned char *text, struct mr_error *error)
{
    const struct encode_form *form = &shares->made.form;
    unsigned char columns[SHARES_COLUMNS_ROOM];
    unsigned char *out =
        line->size > SIZE_MAX / 4 ? NULL : shares_reserve(shares, line->size + sizeof columns + 2);

    if (out == NULL) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory while printing");
        return -1;
    }
    shares->so_far += line->number;
    const size_t size = shares_columns(shares, line->number, shares->so_far, columns);
    out = mempcpy(out, text, line->before);
    out = mempcpy(out, columns, size);
    out = mempcpy(out, text + line->before, line->size - line->before);
    out = mempcpy(out, form->end, form->end_size);
    shares->used = (size_t)(out - shares->out);
    return shares->used < SHARES_AT_ONCE ? 0 : shares_flush(shares, error);
}

int shares_write(struct shares *shares, const void *bytes, size_t size, struct mr_error *error)
{
    const unsigned char *at = bytes, *const end = at + size;

    while (at < end) {
        struct shares_line line;
        memcpy(&line, at, sizeof line);
        at += sizeof line;
        if (shares_fill(shares, &line, at, error) != 0)
            return -1;
        at += line.size;
    }
    return shares_flush(shares, error);
}

/* ---- The rest ----------------------------------------------------------------------------- */

/* Writes a line for that number as the format has it, without what ends it; returns behind how much
 * of it the further columns belong. */
static size_t shares_rest(const struct shares *shares, const char *number, FILE *out)
{
    const struct options *options = shares->made.options;
    const struct headings *headings = shares->made.headings;
    const size_t others = options->computed.count > 1 ? options->computed.count - 1 : 0;
    size_t before;

    switch (options->format) {
    case OPTIONS_CSV:
    case OPTIONS_TABLE:
        headings_put_csv(out, options->others);
        fprintf(out, ",%s", number);
        break;
    case OPTIONS_JSON:
        fputs("{\"key\":\"", out);
        headings_put_json(out, options->others);
        putc('"', out);
        for (size_t i = 0; i <= others; i++) {
            fputs(",\"", out);
            headings_put_json(out, headings->texts[i]);
            fprintf(out, "\":%s", i == 0 ? number : "null");
        }
        before = (size_t)ftell(out);
        putc('}', out);
        return before;
    case OPTIONS_UNIQ:
        fprintf(out, "%7s", number);
        before = (size_t)ftell(out);
        fprintf(out, " %s", options->others);
        return before;
    default:
        fprintf(out, "%s\t%s", options->others, number);
        break;
    }
    for (size_t i = 0; i < others; i++)
        putc(options->format == OPTIONS_TSV ? '\t' : ',', out);
    return (size_t)ftell(out);
}

int shares_end(struct shares *shares, struct mr_error *error)
{
    struct shares_line line;
    char number[AMOUNT_ROOM + 1];
    char *text = NULL;
    FILE *out;

    if (shares->made.options->others == NULL)
        return 0;
    if (shares_need_total(shares, error) != 0)
        return -1;
    line.number = shares->total - shares->so_far;
    if (line.number == 0)
        return 0;
    number[amount_write(line.number, shares->scale, (unsigned char *)number)] = '\0';
    out = open_memstream(&text, &line.size);
    bool failed = out == NULL;
    if (!failed) {
        line.before = shares_rest(shares, number, out);
        failed = ferror(out) != 0;
        failed |= fclose(out) != 0;
    }
    if (failed)
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory while printing");
    const int status =
        failed || shares_fill(shares, &line, (const unsigned char *)text, error) != 0 ||
                shares_flush(shares, error) != 0
            ? -1
            : 0;
    free(text);
    return status;
}
