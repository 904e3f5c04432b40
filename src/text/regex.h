/* SPDX-License-Identifier: MIT
 *
 * regex - a regular expression (RE) in the syntax of PCRE2, for lines of UTF-8 in which bytes that
 * are none match nothing. It is compiled once, to machine code where that can be had, and shared by
 * all threads; what a thread needs to match it is its own. Private to text/.
 */
#ifndef TEXT_REGEX_H
#define TEXT_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regex;

/* What is wrong with an RE or a text that goes with one. */
struct regex_fault {
    const char *option; /* that it is of, without dashes; NULL: nothing is wrong with a text */
    const char *text;   /* all of it */
    size_t offset;      /* where in it */
    char reason[256];
};

/* Whether REs can be had in this build. */
bool regex_built_in(void);

/* Returns 0 and sets *regex, or -1 with *fault filled but for its option, whose `text` is NULL
 * where the RE is not to blame. `text` must live as long. */
int regex_open(const char *text, bool caseless, struct regex **regex, struct regex_fault *fault);
void regex_close(struct regex *regex); /* NULL is allowed */

const char *regex_text(const struct regex *regex);
/* How many groups it has, not counting the whole match. */
unsigned regex_groups(const struct regex *regex);
/* The number of the group of that name, or -1. */
int regex_group_named(const struct regex *regex, const char *name, size_t size);
/* Whether a search depends on where it begins, by \G. */
bool regex_anchored_at_search(const struct regex *regex);

/* Where bytes stand that any match must hold in its line: the first place in [data, end), or `end`.
 * `data` where no such bytes are known. */
const unsigned char *regex_hint(const struct regex *regex, const unsigned char *data,
                                const unsigned char *end);
bool regex_has_hint(const struct regex *regex);
/* Whether a line that holds these bytes needs no search to know that it matches. */
bool regex_is_hint(const struct regex *regex);

/* What a thread has for all its REs. */
struct regex_thread;
/* NULL when memory is out. */
struct regex_thread *regex_thread_open(void);
void regex_thread_close(struct regex_thread *thread);

/* What a thread has for one RE, and the last match. */
struct regex_match {
    const struct regex *regex;
    struct regex_thread *thread;
    void *data;
    /* Of each group the begin and the end in the line, SIZE_MAX where it has no part in the match;
     * the first two are of the whole match, whose begin \K may have put behind its end. */
    const size_t *groups;
    size_t place; /* where the match was tried, which lookbehind and \K do not change */
    /* The last long line that was searched; how much of its time the thread may have taken when it
     * ends; what is counted for looks at the clock. */
    const unsigned char *line;
    uint64_t until;
    unsigned parts, items;
};

/* Returns 0, or -1 when memory is out. */
int regex_match_open(struct regex_match *match, const struct regex *regex,
                     struct regex_thread *thread);
void regex_match_close(struct regex_match *match);

enum regex_found {
    REGEX_NONE,
    REGEX_FOUND,
    REGEX_TOO_LONG,  /* it takes too many steps to say */
    REGEX_TOO_DEEP,  /* or too much memory */
    REGEX_NO_MEMORY, /* or more than there is */
};

/* Looks for the first match in a line at or behind `from`, which is 0 in the first search of each
 * line. */
enum regex_found regex_search(struct regex_match *match, const unsigned char *line, size_t size,
                              size_t from);

#endif
