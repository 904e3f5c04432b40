/* SPDX-License-Identifier: MIT
 *
 * tabulate - rows as columns; see tabulate.h.
 *
 * A row is first brought into a form in which each byte can be seen, its cells ended by TABs and
 * the last by a newline, which then are none of a cell. So the first rows wait for the widths of
 * their columns; from then on a row is laid out at once.
 */
#include "cli/tabulate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/bars.h"
#include "cli/bytes.h"
#include "cli/width.h"

/* Between two columns. */
#define TABULATE_GAP ((size_t)2)
/* Lines are written when they are so many bytes. */
#define TABULATE_AT_ONCE ((size_t)64 << 10)

struct tabulate {
    unsigned char end;
    int (*write)(void *context, const void *bytes, size_t size);
    void *context;
    size_t *widths; /* of columns */
    size_t columns;
    size_t rows;        /* that have been measured, with the head */
    bool decided;       /* the widths are what they will be */
    bool draws;         /* bars, */
    struct bars bars;   /* as these say */
    struct bytes shown; /* rows that have not been laid out */
    struct bytes lines;
};

/* ---- What can be seen --------------------------------------------------------------------- */

/* The most bytes that one byte is shown as. */
#define TABULATE_SHOWN ((size_t)4)

static unsigned char *tabulate_show_byte(unsigned char *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    const char letter = byte == '\t' ? 't' : byte == '\n' ? 'n' : byte == '\r' ? 'r' : '\0';

    *out++ = '\\';
    if (letter != '\0') {
        *out++ = (unsigned char)letter;
        return out;
    }
    *out++ = 'x';
    *out++ = (unsigned char)hex[byte >> 4];
    *out++ = (unsigned char)hex[byte & 15];
    return out;
}

/* Whether a terminal or an editor may do something else with it than to draw it: control characters
 * of ASCII and ISO 8859, and Unicode's separators of lines and paragraphs. */
static bool tabulate_obeyed(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

/* Shows the bytes of a cell; in one that was quoted each quote comes twice. */
static unsigned char *tabulate_show(unsigned char *out, const unsigned char *text, size_t size,
                                    bool quoted)
{
    for (size_t i = 0; i < size;) {
        uint32_t code;
        const size_t length = utf8_decode(text + i, size - i, &code);
        const size_t taken = length > 0 ? length : 1;
        const bool drawn = length > 0 && !tabulate_obeyed(code);
        for (size_t k = 0; k < taken; k++) {
            if (drawn)
                *out++ = text[i + k];
            else
                out = tabulate_show_byte(out, text[i + k]);
        }
        i += taken;
        if (quoted && length > 0 && code == '"')
            i++;
    }
    return out;
}

/* Appends the row at `from`, which ends before `to`, to those that are shown. Returns what follows
 * it, or NULL when memory is out. */
static const unsigned char *tabulate_show_row(struct bytes *shown, const unsigned char *from,
                                              const unsigned char *to)
{
    for (bool ended = false; !ended; from++) {
        const bool quoted = *from == '"';
        const unsigned char *cell = quoted ? from + 1 : from;
        from = cell;
        while (from < to &&
               (quoted ? *from != '"' || from[1] == '"' : *from != ',' && *from != '\n'))
            from += *from == '"' ? 2 : 1;
        const size_t size = (size_t)(from - cell);
        size_t room;
        if (__builtin_mul_overflow(size, TABULATE_SHOWN, &room) ||
            __builtin_add_overflow(room, 1, &room)) {
            errno = ENOMEM;
            return NULL;
        }
        unsigned char *out = bytes_reserve(shown, room);
        if (out == NULL)
            return NULL;
        out = tabulate_show(out, cell, size, quoted);
        from += quoted;
        ended = *from == '\n';
        *out++ = ended ? '\n' : '\t';
        shown->size = (size_t)(out - shown->data);
    }
    return from;
}

/* ---- Columns ------------------------------------------------------------------------------ */

/* The size of the cell at `text`, behind which a TAB or a newline stands. */
static size_t tabulate_cell(const unsigned char *text)
{
    const unsigned char *p = text;

    while (*p != '\t' && *p != '\n')
        p++;
    return (size_t)(p - text);
}

/* The number of a bar; 0 where there is none. */
static amount tabulate_number(const unsigned char *cell, size_t size)
{
    amount number = 0;

    return amount_read(cell, size, 0, &number) ? number : 0;
}

/* Whether a cell of that column is the number of a bar. */
static bool tabulate_is_bar(const struct tabulate *table, size_t column)
{
    return table->draws && table->rows > 0 && column == table->columns;
}

/* Lets a row decide on the widths of columns. Returns -1 when memory is out. */
static int tabulate_measure(struct tabulate *table, const unsigned char *row)
{
    const bool head = table->rows == 0;
    size_t column = 0;

    for (bool ended = false; !ended; row++, column++) {
        const size_t size = tabulate_cell(row);
        if (tabulate_is_bar(table, column)) {
            bars_look(&table->bars, 0, tabulate_number(row, size));
            break;
        }
        const size_t width = width_text(row, size);
        if (column == table->columns) {
            size_t *widths = realloc(table->widths, (column + 1) * sizeof *widths);
            if (widths == NULL)
                return -1;
            widths[column] = 0;
            table->widths = widths;
            table->columns++;
        }
        if (width > table->widths[column] && (head || width <= TABULATE_WIDEST))
            table->widths[column] = width;
        row += size;
        ended = *row == '\n';
    }
    table->rows++;
    return 0;
}

static unsigned char *tabulate_blanks(unsigned char *out, size_t count)
{
    memset(out, ' ', count);
    return out + count;
}

/* Appends a bar to a line that takes so many columns. Returns -1 when memory is out. */
static int tabulate_draw(struct tabulate *table, size_t width, amount number)
{
    unsigned char *out = bytes_reserve(&table->lines, TABULATE_GAP + bars_room(&table->bars) + 1);

    if (out == NULL)
        return -1;
    unsigned char *const bar = tabulate_blanks(out, TABULATE_GAP);
    unsigned char *end = bars_draw(&table->bars, width + TABULATE_GAP, number, bar);
    if (end == bar)
        end = out;
    *end++ = table->end;
    table->lines.size = (size_t)(end - table->lines.data);
    return 0;
}

/* Appends the line of a row: the key to the left, numbers to the right of their columns. Returns
 * what follows the row, or NULL when memory is out. */
static const unsigned char *tabulate_lay_out(struct tabulate *table, const unsigned char *row)
{
    size_t column = 0, taken = 0;

    for (bool ended = false; !ended; row++, column++) {
        const size_t size = tabulate_cell(row);
        if (tabulate_is_bar(table, column))
            return tabulate_draw(table, taken, tabulate_number(row, size)) != 0 ? NULL
                                                                                : row + size + 1;
        const size_t width = width_text(row, size);
        const size_t wanted = column < table->columns ? table->widths[column] : 0;
        const size_t pad = wanted > width ? wanted - width : 0;
        size_t room;
        unsigned char *out;
        ended = row[size] == '\n';
        if (__builtin_add_overflow(size, pad + TABULATE_GAP + 1, &room) ||
            (out = bytes_reserve(&table->lines, room)) == NULL)
            return NULL;
        if (column > 0)
            out = tabulate_blanks(tabulate_blanks(out, TABULATE_GAP), pad);
        memcpy(out, row, size);
        out += size;
        if (column == 0 && !ended)
            out = tabulate_blanks(out, pad);
        taken += (column > 0 ? TABULATE_GAP : 0) + width + pad;
        if (ended)
            *out++ = table->end;
        table->lines.size = (size_t)(out - table->lines.data);
        row += size;
    }
    return row;
}

static int tabulate_flush(struct tabulate *table)
{
    const size_t size = table->lines.size;

    table->lines.size = 0;
    return size > 0 ? table->write(table->context, table->lines.data, size) : 0;
}

static void tabulate_decide_bars(struct tabulate *table)
{
    size_t width = 0;

    for (size_t i = 0; i < table->columns; i++)
        width += table->widths[i] + TABULATE_GAP;
    bars_look(&table->bars, width, 0);
    bars_decide(&table->bars);
}

/* Lays out all rows that are shown, by the widths that are now decided. */
static int tabulate_release(struct tabulate *table)
{
    if (table->draws && !table->decided)
        tabulate_decide_bars(table);
    table->decided = true;
    for (size_t at = 0; at < table->shown.size;) {
        const unsigned char *next = tabulate_lay_out(table, table->shown.data + at);
        if (next == NULL || (table->lines.size >= TABULATE_AT_ONCE && tabulate_flush(table) != 0))
            return -1;
        at = (size_t)(next - table->shown.data);
    }
    table->shown.size = 0;
    return 0;
}

/* ---- The table ---------------------------------------------------------------------------- */

struct tabulate *tabulate_open(unsigned char end,
                               int (*write)(void *context, const void *bytes, size_t size),
                               void *context)
{
    struct tabulate *table = calloc(1, sizeof *table);

    if (table != NULL) {
        table->end = end;
        table->write = write;
        table->context = context;
    }
    return table;
}

void tabulate_draw_bars(struct tabulate *table, const struct bars *bars)
{
    table->draws = true;
    table->bars = *bars;
}

int tabulate_put(struct tabulate *table, const void *rows, size_t size)
{
    const unsigned char *from = rows;
    const unsigned char *to = from + size;

    while (from < to) {
        const size_t start = table->shown.size;
        if ((from = tabulate_show_row(&table->shown, from, to)) == NULL)
            return -1;
        if (!table->decided && tabulate_measure(table, table->shown.data + start) != 0)
            return -1;
        if ((table->decided || table->rows > TABULATE_ROWS ||
             table->shown.size >= TABULATE_BYTES) &&
            tabulate_release(table) != 0)
            return -1;
    }
    return tabulate_flush(table);
}

int tabulate_finish(struct tabulate *table)
{
    return tabulate_release(table) != 0 ? -1 : tabulate_flush(table);
}

void tabulate_close(struct tabulate *table)
{
    if (table == NULL)
        return;
    free(table->widths);
    free(table->shown.data);
    free(table->lines.data);
    free(table);
}
