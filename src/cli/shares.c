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
#include "cli/bars.h"
#include "cli/bytes.h"
#include "cli/encode_columns.h"

/* What the further columns of a line take, at most: each a label or a blank and the number. */
#define SHARES_COLUMNS_ROOM 96
/* Whole lines are put out together when they are so many bytes. */
#define SHARES_AT_ONCE ((size_t)64 << 10)

/* What stands before the text of a line that has gaps. */
struct shares_line {
    amount number; /* of which it has the shares */
    size_t size;   /* of the text, without what ends the line; */
    size_t before; /* behind so much of it the further columns belong */
    bool bar;      /* a bar belongs to it, where there are any */
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

    amount so_far;    /* of what was put out, in order */
    struct bytes out; /* whole lines */

    bool draws;  /* bars behind lines, */
    bool waits;  /* which have not been decided: lines wait for that, */
    size_t held; /* so many, */
    struct bytes lines;
    struct bars bars;
};

bool shares_wanted(const struct options *options)
{
    return options->percent || options->cumulative || options->others != NULL || options->bars;
}

int shares_open(const struct shares_options *made, struct shares **shares, struct mr_error *error)
{
    const struct options *options = made->options;
    struct shares *opened = calloc(1, sizeof *opened);

    *shares = NULL;
    if (opened == NULL || thread_mutex_open(&opened->lock) != 0) {
        free(opened);
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    opened->made = *made;
    opened->bare = made->form;
    opened->bare.end_size = 0;
    opened->draws = opened->waits = options->bars && options->format != OPTIONS_TABLE;
    if (opened->draws)
        bars_open(&opened->bars, options->output == NULL);
    *shares = opened;
    return 0;
}

void shares_close(struct shares *shares)
{
    if (shares == NULL)
        return;
    thread_mutex_close(&shares->lock);
    free(shares->out.data);
    free(shares->lines.data);
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

    return options->cumulative || options->others != NULL || options->bars;
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

/* Writes what the line of that number has, `so_far` with it; returns its size. `bar`: it has one,
 * where any has. */
static size_t shares_columns(const struct shares *shares, amount number, amount so_far, bool bar,
                             unsigned char columns[SHARES_COLUMNS_ROOM])
{
    const struct options *options = shares->made.options;
    unsigned char *out = columns;

    if (options->percent)
        out = shares_column(out, options->format, "percent", number, shares->total);
    if (options->cumulative)
        out = shares_column(out, options->format, "cumulative", so_far, shares->total);
    if (options->bars && options->format == OPTIONS_TABLE) { /* which draws it */
        *out++ = ',';
        out += bar ? amount_write(number, 0, out) : 0;
    }
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
    const size_t size = shares_columns(shares, line->number, 0, false, columns);
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
    struct shares_line line = {.number = number, .bar = true};
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
    const size_t size = shares->out.size;

    shares->out.size = 0;
    return size == 0 ? 0
                     : shares->made.put(shares->made.put_context, shares->out.data, size, error);
}

/* Room for a line with all that belongs to it. */
static unsigned char *shares_reserve_line(const struct shares *shares, struct bytes *bytes,
                                          size_t size, struct mr_error *error)
{
    const size_t more = sizeof(struct shares_line) + SHARES_COLUMNS_ROOM + 1 +
                        (shares->draws ? bars_room(&shares->bars) : 0) +
                        sizeof shares->made.form.end;

    unsigned char *room = bytes_reserve(bytes, size > SIZE_MAX - more ? SIZE_MAX : size + more);

    if (room == NULL)
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory while printing");
    return room;
}

/* How many columns a line takes, and what divides it from its bar. */
static size_t shares_width(const struct shares *shares, const unsigned char *text, size_t size)
{
    const size_t width = bars_width(text, size);

    return shares->made.options->format == OPTIONS_UNIQ ? width + 1 : (width / 8 + 1) * 8;
}

/* Ends a line at `end`, behind its bar where it has one. */
static int shares_end_line(struct shares *shares, unsigned char *text, unsigned char *end,
                           const struct shares_line *line, struct mr_error *error)
{
    const struct encode_form *form = &shares->made.form;
    const size_t size = (size_t)(end - text);

    if (shares->draws) {
        const bool uniq = shares->made.options->format == OPTIONS_UNIQ;
        *end++ = uniq ? ' ' : '\t';
        unsigned char *const bar = end;
        if (line->bar)
            end = bars_draw(&shares->bars, shares_width(shares, text, size), line->number, end);
        if (end == bar && uniq)
            end--;
    }
    memcpy(end, form->end, sizeof form->end);
    end += form->end_size;
    shares->out.size = (size_t)(end - shares->out.data);
    return shares->out.size < SHARES_AT_ONCE ? 0 : shares_flush(shares, error);
}

/* Ends the lines that were held, now that bars are decided. */
static int shares_release(struct shares *shares, struct mr_error *error)
{
    const unsigned char *at = shares->lines.data;

    shares->waits = false;
    bars_decide(&shares->bars);
    for (; shares->held > 0; shares->held--) {
        struct shares_line line;
        memcpy(&line, at, sizeof line);
        at += sizeof line;
        unsigned char *text = shares_reserve_line(shares, &shares->out, line.size, error);
        if (text == NULL ||
            shares_end_line(shares, text, mempcpy(text, at, line.size), &line, error) != 0)
            return -1;
        at += line.size;
    }
    free(shares->lines.data);
    shares->lines = (struct bytes){NULL, 0, 0};
    return 0;
}

/* Lets a line that is held decide on bars. */
static int shares_hold(struct shares *shares, unsigned char *text, const unsigned char *end,
                       const struct shares_line *line, struct mr_error *error)
{
    const struct shares_line held = {
        .number = line->number, .size = (size_t)(end - text), .bar = line->bar};

    memcpy(text - sizeof held, &held, sizeof held);
    shares->lines.size = (size_t)(end - shares->lines.data);
    if (line->bar)
        bars_look(&shares->bars, shares_width(shares, text, held.size), line->number);
    shares->held++;
    return shares->held < BARS_LINES && shares->lines.size < BARS_BYTES
               ? 0
               : shares_release(shares, error);
}

/* Fills the gaps of a line and puts it out, or holds it. */
static int shares_fill(struct shares *shares, const struct shares_line *line,
                       const unsigned char *text, struct mr_error *error)
{
    struct bytes *bytes = shares->waits ? &shares->lines : &shares->out;
    unsigned char *begin = shares_reserve_line(shares, bytes, line->size, error), *out = begin;
    unsigned char columns[SHARES_COLUMNS_ROOM];

    if (out == NULL)
        return -1;
    if (shares->waits)
        begin = out += sizeof *line;
    shares->so_far += line->number;
    const size_t size = shares_columns(shares, line->number, shares->so_far, line->bar, columns);
    out = mempcpy(out, text, line->before);
    out = mempcpy(out, columns, size);
    out = mempcpy(out, text + line->before, line->size - line->before);
    return shares->waits ? shares_hold(shares, begin, out, line, error)
                         : shares_end_line(shares, begin, out, line, error);
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

/* Puts a line for the rest out, where something is left. */
static int shares_put_rest(struct shares *shares, struct mr_error *error)
{
    struct shares_line line = {.bar = false};
    char number[AMOUNT_ROOM + 1];
    char *text = NULL;
    FILE *out;

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
        failed |= fclose(out) != 0 || text == NULL || line.before > line.size;
    }
    if (failed)
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory while printing");
    const int status = failed ? -1 : shares_fill(shares, &line, (const unsigned char *)text, error);
    free(text);
    return status;
}

int shares_end(struct shares *shares, struct mr_error *error)
{
    if (shares->made.options->others != NULL && shares_put_rest(shares, error) != 0)
        return -1;
    if (shares->waits && shares_release(shares, error) != 0)
        return -1;
    return shares_flush(shares, error);
}
