/* SPDX-License-Identifier: MIT
 *
 * fields - chosen fields of lines. With a delimiter, as cut -f: a line of n delimiters has n + 1
 * fields, any of which may be empty. Without, as awk: fields are the runs of non-blanks.
 *
 * The chosen fields stand between delimiters already where a list is one range, so their key is a
 * span of the line. With several ranges, or without a delimiter, keys of more than one field are
 * put together in a buffer.
 */
#include <string.h>

#include "text/case_fold.h"
#include "text/kernels/kernels.h"
#include "text/scan.h"

/* The line at hand. */
struct line {
    const unsigned char *data; /* the window */
    bool wide;
    bool joining; /* keys are put together in scan->joined */
    uint64_t field;
    size_t range;      /* the first that is not left behind */
    bool chosen;       /* some field was */
    size_t begin, end; /* of the key, in the window; or 0 and what scan->joined has */
    size_t count;      /* spans waiting */
};

static int flush(struct scan *scan, struct line *line)
{
    size_t count = line->count;

    line->count = 0;
    return scan_tokens(scan, line->data, scan->spans, count, line->wide);
}

/* The line has one more field, [begin, end). */
static inline int add_field(struct scan *scan, struct line *line, size_t begin, size_t end)
{
    const struct text *text = scan->text;
    uint64_t field = ++line->field;

    while (line->range < text->range_count && text->ranges[line->range].last < field)
        line->range++;
    if (line->range == text->range_count || text->ranges[line->range].first > field)
        return 0;
    if (!line->joining) {
        if (!line->chosen)
            line->begin = begin;
        line->end = end;
    } else {
        size_t size = end - begin, used = line->end;
        if (scan_room(scan, &scan->joined, used + size + 1, true) != 0)
            return -1;
        if (line->chosen)
            scan->joined.data[used++] = text->have_delimiter ? text->delimiter : ' ';
        memcpy(scan->joined.data + used, line->data + begin, size);
        line->end = used + size;
    }
    line->chosen = true;
    return 0;
}

static inline int end_line(struct scan *scan, struct line *line)
{
    int status = 0;

    if (line->chosen && line->joining) {
        const unsigned char *key = scan->joined.data;
        size_t size = line->end;
        if (scan->text->case_fold) {
            status = scan_token(scan, key, size);
        } else {
            unsigned char *out = scan_key_room(scan, size);
            if (!out)
                return -1;
            memcpy(out, key, size);
            status = scan_key_done(scan, size, 1);
        }
    } else if (line->chosen) {
        scan->spans[line->count++] = (struct mr_span){(uint32_t)line->begin, (uint32_t)line->end};
        if (line->count == SCAN_SPANS)
            status = flush(scan, line);
    }
    line->chosen = false;
    line->field = line->range = 0;
    line->begin = line->end = 0;
    return status;
}

static int map_delimited(struct scan *scan, struct line *line, size_t size,
                         unsigned char *folded)
{
    const struct text *text = scan->text;
    const unsigned char *data = line->data;
    size_t begin = 0;

    for (size_t pos = 0, count; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, scan->positions, SCAN_SPANS, &count, folded,
                                     &line->wide, text->delimiter, text->end);
        for (size_t i = 0; i < count; i++) {
            size_t end = scan->positions[i];
            if (add_field(scan, line, begin, end) != 0)
                return -1;
            if (data[end] == text->end && end_line(scan, line) != 0)
                return -1;
            begin = end + 1;
        }
    }
    if (data[size - 1] == text->end)
        return 0;
    if (add_field(scan, line, begin, size) != 0)
        return -1;
    return end_line(scan, line);
}

static int map_blanks(struct scan *scan, struct line *line, size_t size, unsigned char *folded)
{
    const struct text *text = scan->text;
    const unsigned char *data = line->data;
    struct mr_span fields[SCAN_SPANS / 8];
    size_t before = 0;

    for (size_t pos = 0, count; pos < size;) {
        pos = kernels_selected.blanks(data, size, pos, fields, sizeof fields / sizeof *fields,
                                      &count, folded, &line->wide, text->extra);
        for (size_t i = 0; i < count; i++) {
            bool ended = false;
            for (; before < fields[i].begin; before++)
                ended |= data[before] == text->end;
            if (ended && end_line(scan, line) != 0)
                return -1;
            if (add_field(scan, line, fields[i].begin, fields[i].end) != 0)
                return -1;
            before = fields[i].end;
        }
    }
    return end_line(scan, line);
}

/* A line that is too long for spans: its key is put together field by field. */
static int map_long_line(struct scan *scan, const unsigned char *data, size_t size,
                         unsigned char *folded)
{
    const struct text *text = scan->text;
    struct line line = {.data = data, .joining = true};

    (void)folded;
    if (data[size - 1] == text->end)
        size--;
    for (size_t begin = 0, end; begin <= size; begin = end + 1) {
        const unsigned char *found;
        if (text->have_delimiter) {
            found = memchr(data + begin, text->delimiter, size - begin);
            end = found ? (size_t)(found - data) : size;
        } else {
            for (end = begin; end < size && data[end] != ' ' && data[end] != '\t' &&
                              data[end] != '\n' && data[end] != text->end;)
                end++;
            if (end == begin)
                continue;
        }
        if (add_field(scan, &line, begin, end) != 0)
            return -1;
    }
    return end_line(scan, &line);
}

static int map_window(struct scan *scan, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct text *text = scan->text;
    const bool one = text->range_count == 1 &&
                     (text->have_delimiter || text->ranges[0].first == text->ranges[0].last);
    struct line line = {.data = data, .joining = !one};
    int status = text->have_delimiter ? map_delimited(scan, &line, size, folded)
                                      : map_blanks(scan, &line, size, folded);

    return status != 0 ? status : flush(scan, &line);
}

int fields_map(struct scan *scan, const unsigned char *data, size_t size)
{
    int status = scan_windows(scan, data, size, map_window, map_long_line);

    return status != 0 ? status : scan_key_flush(scan);
}
