/* SPDX-License-Identifier: MIT
 *
 * patterns_state - the REs of a run as one mapper matches them. Private to text/.
 *
 * Lines are those of a text, ended by a byte; hints of REs are looked for in all of the text that
 * is left, so that lines without them are not even found. For that, lines must be taken in
 * their order.
 */
#ifndef TEXT_PATTERNS_STATE_H
#define TEXT_PATTERNS_STATE_H

#include <string.h>

#include "base/excerpt.h"
#include "text/patterns.h"
#include "text/template.h"

/* Of one RE. */
struct patterns_regex {
    struct regex_match match;
    const unsigned char *hint; /* as patterns_seek found it, or NULL */
    /* The next match in the line at hand, as long as it is `known`. */
    enum regex_found found;
    bool known;
};

/* REs of one kind. */
struct patterns_group {
    struct patterns_regex *regexes;
    size_t count;
    bool all_hinted; /* all have a hint; false of none */
};

/* Where matching failed. */
struct patterns_failure {
    const unsigned char *line; /* NULL: nowhere */
    const struct regex *regex;
    enum regex_found found;
};

struct patterns_state {
    const struct patterns *patterns;
    struct regex_thread *thread;
    struct patterns_regex *all; /* as in patterns->regexes */
    struct patterns_group tokens, wanted, unwanted;

    const unsigned char *end; /* of the text */
    unsigned char line_end;   /* byte at the end of lines */

    struct patterns_failure failure;
};

/* NULL when memory is out. */
struct patterns_state *patterns_state_open(const struct patterns *patterns, unsigned char line_end);
void patterns_state_close(struct patterns_state *state); /* NULL is allowed */

/* Another text begins, which ends at `end`. */
void patterns_state_begin(struct patterns_state *state, const unsigned char *end);

/* Has the hint of the RE be at or behind `line`, which is no further back than before, and returns
 * it; the text's end where there is none. */
const unsigned char *patterns_seek(struct patterns_state *state, struct patterns_regex *regex,
                                   const unsigned char *line);

/* Notes that a search in the line failed. Returns -1. */
int patterns_state_fail(struct patterns_state *state, const struct patterns_regex *regex,
                        const unsigned char *line);
/* Bytes that the text of a failure has at most. */
#define PATTERNS_FAILURE_ROOM (EXCERPT_ROOM + 64)
/* Writes what failed. */
void patterns_state_failure(const struct patterns_state *state, char text[PATTERNS_FAILURE_ROOM]);

/* The begin of the line that `place` is in, where one begins at `line`, before it. */
static inline const unsigned char *patterns_line_of(const struct patterns_state *state,
                                                    const unsigned char *line,
                                                    const unsigned char *place)
{
    const unsigned char *end = memrchr(line, state->line_end, (size_t)(place - line));

    return end != NULL ? end + 1 : line;
}
/* The end of the line that begins at `line`, `end` at most. */
static inline const unsigned char *patterns_line_end(const struct patterns_state *state,
                                                     const unsigned char *line,
                                                     const unsigned char *end)
{
    const unsigned char *found = memchr(line, state->line_end, (size_t)(end - line));

    return found != NULL ? found : end;
}

#endif
