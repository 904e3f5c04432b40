/* SPDX-License-Identifier: MIT
 *
 * bars - a bar behind each line; see bars.h.
 */
#include "cli/bars.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/number.h"
#include "cli/width.h"

/* Where nothing says how wide lines may be. */
#define BARS_USUAL ((size_t)80)
/* A TAB goes to the next multiple of this. */
#define BARS_TAB ((size_t)8)
/* Bytes of U+2588 to U+258F in UTF-8, and how many of them a column has. */
#define BARS_BLOCK ((size_t)3)
#define BARS_EIGHTHS 8u

/* ---- The terminal ------------------------------------------------------------------------- */

static size_t bars_columns(bool terminal)
{
    const char *given = getenv("COLUMNS");
    struct winsize size;
    uint64_t columns = 0;

    if (given == NULL || number_parse(given, 1, UINT64_MAX, &columns) != 0)
        columns = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (columns == 0)
        return BARS_USUAL;
    return columns < BARS_COLUMNS ? (size_t)columns : BARS_COLUMNS;
}

/* Whether the environment says that characters are in UTF-8: a name, no locale, is looked at. */
static bool bars_utf8(void)
{
    const char *const given[] = {getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")};

    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i] == NULL || *given[i] == '\0')
            continue;
        const char *charset = strchr(given[i], '.');
        return charset != NULL &&
               (strncasecmp(charset, ".UTF-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
    }
    return false;
}

void bars_open(struct bars *bars, bool standard)
{
    const char *term = getenv("TERM");
    const bool terminal = standard && isatty(STDOUT_FILENO) == 1;

    *bars = (struct bars){
        .columns = bars_columns(terminal),
        .blocks =
            terminal && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 && bars_utf8(),
    };
}

/* ---- What the first lines decide ---------------------------------------------------------- */

/* Where bars begin at the latest. */
static size_t bars_latest(const struct bars *bars)
{
    return bars->columns > 2 * BARS_LEAST ? bars->columns - BARS_LEAST : bars->columns / 2;
}

void bars_look(struct bars *bars, size_t width, amount number)
{
    if (width > bars->start && width <= bars_latest(bars))
        bars->start = width;
    if (number > bars->full)
        bars->full = number;
}

void bars_decide(struct bars *bars)
{
    if (bars->start == 0) /* lines are all longer than that */
        bars->start = bars_latest(bars);
}

/* ---- Drawing ------------------------------------------------------------------------------ */

size_t bars_room(const struct bars *bars)
{
    return bars->columns * BARS_BLOCK;
}

/* U+2588 is a whole block, and each code point behind it has an eighth less. */
static unsigned char *bars_draw_block(unsigned char *out, unsigned eighths)
{
    *out++ = 0xE2;
    *out++ = 0x96;
    *out++ = (unsigned char)(0x88 + BARS_EIGHTHS - eighths);
    return out;
}

unsigned char *bars_draw(const struct bars *bars, size_t width, amount number, unsigned char *out)
{
    const unsigned columns = (unsigned)(bars->columns - bars->start);
    const amount part = number < bars->full ? number : bars->full;
    unsigned eighths = bars->blocks ? amount_fit(part, bars->full, columns * BARS_EIGHTHS)
                                    : amount_fit(part, bars->full, columns) * BARS_EIGHTHS;

    if (eighths == 0)
        return out;
    for (; width < bars->start; width++)
        *out++ = ' ';
    if (!bars->blocks)
        return (unsigned char *)memset(out, '#', eighths / BARS_EIGHTHS) + eighths / BARS_EIGHTHS;
    for (; eighths > BARS_EIGHTHS; eighths -= BARS_EIGHTHS)
        out = bars_draw_block(out, BARS_EIGHTHS);
    return bars_draw_block(out, eighths);
}

size_t bars_width(const unsigned char *text, size_t size)
{
    size_t width = 0;

    for (;;) {
        const unsigned char *tab = memchr(text, '\t', size);
        const size_t length = tab != NULL ? (size_t)(tab - text) : size;
        width += width_text(text, length);
        if (tab == NULL)
            return width;
        width = (width / BARS_TAB + 1) * BARS_TAB;
        text += length + 1;
        size -= length + 1;
    }
}
