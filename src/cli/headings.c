/* SPDX-License-Identifier: MIT
 *
 * headings - what columns are called; see headings.h.
 */
#include "cli/headings.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Columns behind those that are counted or computed, at most. */
#define HEADINGS_SHARES 2

/* ---- What they are ------------------------------------------------------------------------ */

/* Takes the text. Returns -1 where there is none, as memory is out. */
static int headings_add(struct headings *headings, char *text)
{
    if (text == NULL)
        return -1;
    headings->texts[headings->count++] = text;
    return 0;
}

static int headings_add_computed(struct headings *headings, const struct computed *computed)
{
    for (size_t i = 0; i < computed->count; i++) {
        char *text = malloc(computed_heading_room(&computed->columns[i]));
        if (text != NULL)
            computed_heading(&computed->columns[i], text);
        if (headings_add(headings, text) != 0)
            return -1;
    }
    return 0;
}

/* In the place of a count and what may stand behind it. */
static int headings_add_difference(struct headings *headings)
{
    static const char *const texts[] = {"old", "new", "difference"};
    _Static_assert(sizeof texts / sizeof *texts <= 1 + HEADINGS_SHARES, "there is room for them");

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (headings_add(headings, strdup(texts[i])) != 0)
            return -1;
    return 0;
}

int headings_open(struct headings *headings, const struct options *options)
{
    const struct computed *computed = &options->computed;

    *headings = (struct headings){NULL, 0};
    if (options->keys)
        return 0;
    headings->texts = calloc(computed->count + 1 + HEADINGS_SHARES, sizeof *headings->texts);
    if (headings->texts == NULL)
        return -1;
    if (options->diff)
        return headings_add_difference(headings);
    if (headings_add_computed(headings, computed) != 0 ||
        (computed->count == 0 && headings_add(headings, strdup("count")) != 0) ||
        (options->percent && headings_add(headings, strdup("percent")) != 0) ||
        (options->cumulative && headings_add(headings, strdup("cumulative")) != 0))
        return -1;
    return 0;
}

void headings_close(struct headings *headings)
{
    for (size_t i = 0; i < headings->count; i++)
        free(headings->texts[i]);
    free(headings->texts);
    *headings = (struct headings){NULL, 0};
}

/* ---- As csv and json have them ------------------------------------------------------------ */

void headings_put_csv(FILE *out, const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    fputs(quoted ? "\"" : "", out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    fputs(quoted ? "\"" : "", out);
}

void headings_put_json(FILE *out, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const unsigned char *p = (const unsigned char *)text;
        uint32_t code;
        const size_t length = utf8_decode(p, left, &code);
        if (length == 0)
            fputs("\\ufffd", out);
        else if (*p < 0x20)
            fprintf(out, "\\u%04x", *p);
        else
            fprintf(out, *p == '"' || *p == '\\' ? "\\%.*s" : "%.*s", (int)length, text);
        text += length > 0 ? length : 1;
        left -= length > 0 ? length : 1;
    }
}

static void headings_put_comma_csv(FILE *out, const char *text)
{
    putc(',', out);
    headings_put_csv(out, text);
}

static void headings_put_label(FILE *out, const char *text)
{
    fputs(",\"", out);
    headings_put_json(out, text);
    fputs("\":", out);
    putc('\0', out);
}

/* Has `one` write each heading behind a beginning; NULL when memory is out. */
static char *headings_text(const struct headings *headings, const char *begin,
                           void (*one)(FILE *out, const char *text))
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fputs(begin, out);
    for (size_t i = 0; i < headings->count; i++)
        one(out, headings->texts[i]);
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

char *headings_csv(const struct headings *headings)
{
    return headings_text(headings, "key", headings_put_comma_csv);
}

char *headings_json(const struct headings *headings)
{
    return headings_text(headings, "", headings_put_label);
}
