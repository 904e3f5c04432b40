/* SPDX-License-Identifier: MIT
 *
 * option_match - which option a name means that is none; see option_match.h.
 */
#include "cli/option_match.h"

#include <stdio.h>
#include <string.h>

#include "cli/option_table.h"

#define OPTION_MATCH_LONGEST                                                                       \
    40 /* more than any name has; what is longer is no slip of the finger */

static unsigned option_match_least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits that make one name the other: a letter more, less, changed, or two swapped (the restricted
 * Damerau-Levenshtein distance). Both are shorter than OPTION_MATCH_LONGEST. */
static unsigned option_match_distance(const char *a, size_t m, const char *b, size_t n)
{
    unsigned rows[3][OPTION_MATCH_LONGEST + 1];
    unsigned *before = rows[0];
    unsigned *last = rows[1];
    unsigned *row = rows[2];

    for (size_t j = 0; j <= n; j++)
        last[j] = (unsigned)j;
    memcpy(before, last, sizeof rows[0]);
    for (size_t i = 1; i <= m; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] =
                option_match_least(option_match_least(last[j], row[j - 1]) + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = option_match_least(row[j], before[j - 2] + 1);
        }
        unsigned *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[n];
}

const struct option_row *option_match_nearest(const char *name)
{
    const struct option_row *nearest = NULL;
    size_t size = strcspn(name, "=");
    /* A third of the letters may be wrong: beyond that the guess is noise. */
    unsigned least = (unsigned)(size + 1) / 3 + 1;

    if (size >= OPTION_MATCH_LONGEST)
        return NULL;
    for (size_t i = 0; i < option_table_count; i++) {
        const char *other = option_table[i].name;
        unsigned distance = option_match_distance(name, size, other, strlen(other));
        if (distance < least) {
            least = distance;
            nearest = &option_table[i];
        }
    }
    return nearest;
}

size_t option_match_beginnings(const char *name, char *out, size_t room)
{
    size_t size = strcspn(name, "=");
    size_t used = 0;
    size_t count = 0;

    *out = '\0';
    for (size_t i = 0; i < option_table_count; i++) {
        const char *other = option_table[i].name;
        if (strncmp(name, other, size) != 0)
            continue;
        if (used + strlen(other) + 6 <= room)
            used +=
                (size_t)snprintf(out + used, room - used, "%s'--%s'", count > 0 ? " " : "", other);
        count++;
    }
    return count;
}
