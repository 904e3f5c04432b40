/* SPDX-License-Identifier: MIT
 *
 * patterns_state - see patterns_state.h.
 */
#include "text/patterns_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct patterns_group group_of(struct patterns_state *state, size_t first, size_t count)
{
    struct patterns_group group = {state->all + first, count, count > 0};

    for (size_t i = 0; i < count; i++)
        group.all_hinted &= regex_has_hint(group.regexes[i].match.regex);
    return group;
}

struct patterns_state *patterns_state_open(const struct patterns *patterns, unsigned char line_end)
{
    struct patterns_state *state = calloc(1, sizeof *state);
    const size_t count = patterns->tokens + patterns->wanted + patterns->unwanted;

    if (state == NULL)
        return NULL;
    state->patterns = patterns;
    state->line_end = line_end;
    state->thread = regex_thread_open();
    state->all = calloc(count + 1, sizeof *state->all);
    if (state->thread == NULL || state->all == NULL)
        goto fail;
    for (size_t i = 0; i < count; i++)
        if (regex_match_open(&state->all[i].match, patterns->regexes[i], state->thread) != 0)
            goto fail;
    state->tokens = group_of(state, 0, patterns->tokens);
    state->wanted = group_of(state, patterns->tokens, patterns->wanted);
    state->unwanted = group_of(state, patterns->tokens + patterns->wanted, patterns->unwanted);
    return state;

fail:
    patterns_state_close(state);
    return NULL;
}

void patterns_state_close(struct patterns_state *state)
{
    if (state == NULL)
        return;
    const struct patterns *patterns = state->patterns;
    const size_t count = patterns->tokens + patterns->wanted + patterns->unwanted;
    for (size_t i = 0; state->all != NULL && i < count; i++)
        regex_match_close(&state->all[i].match);
    regex_thread_close(state->thread);
    free(state->all);
    free(state);
}

void patterns_state_begin(struct patterns_state *state, const unsigned char *end)
{
    const struct patterns *patterns = state->patterns;
    const size_t count = patterns->tokens + patterns->wanted + patterns->unwanted;

    state->end = end;
    state->failure.line = NULL;
    for (size_t i = 0; i < count; i++)
        state->all[i].hint = NULL;
}

const unsigned char *patterns_seek(struct patterns_state *state, struct patterns_regex *regex,
                                   const unsigned char *line)
{
    if (regex->hint == NULL || regex->hint < line)
        regex->hint = regex_hint(regex->match.regex, line, state->end);
    return regex->hint;
}

int patterns_state_fail(struct patterns_state *state, const struct patterns_regex *regex,
                        const unsigned char *line)
{
    state->failure = (struct patterns_failure){line, regex->match.regex, regex->found};
    return -1;
}

void patterns_state_failure(const struct patterns_state *state, char text[PATTERNS_FAILURE_ROOM])
{
    const char *regex = regex_text(state->failure.regex);
    char shown[EXCERPT_ROOM];

    excerpt_write(regex, strlen(regex), shown);
    snprintf(text, PATTERNS_FAILURE_ROOM,
             state->failure.found == REGEX_TOO_LONG   ? "matching '%s' takes too many steps"
             : state->failure.found == REGEX_TOO_DEEP ? "matching '%s' takes too much memory"
                                                      : "no memory to match '%s'",
             shown);
}
