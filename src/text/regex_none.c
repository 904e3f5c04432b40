/* SPDX-License-Identifier: MIT
 *
 * regex_none - what regex.h has where the program was built without PCRE2: no RE is ever made.
 */
#include "text/regex.h"

#include <stdio.h>

#ifndef MRCOUNT_PCRE2

bool regex_built_in(void)
{
    return false;
}

int regex_open(const char *text, bool caseless, struct regex **opened, struct regex_fault *fault)
{
    (void)text;
    (void)caseless;
    *opened = NULL;
    *fault = (struct regex_fault){0};
    snprintf(fault->reason, sizeof fault->reason,
             "this mrcount was built without PCRE2, by which regular expressions are matched");
    return -1;
}

void regex_close(struct regex *regex)
{
    (void)regex;
}

const char *regex_text(const struct regex *regex)
{
    (void)regex;
    return "";
}

unsigned regex_groups(const struct regex *regex)
{
    (void)regex;
    return 0;
}

int regex_group_named(const struct regex *regex, const char *name, size_t size)
{
    (void)regex;
    (void)name;
    (void)size;
    return -1;
}

bool regex_anchored_at_search(const struct regex *regex)
{
    (void)regex;
    return false;
}

bool regex_has_hint(const struct regex *regex)
{
    (void)regex;
    return false;
}

bool regex_is_hint(const struct regex *regex)
{
    (void)regex;
    return false;
}

const unsigned char *regex_hint(const struct regex *regex, const unsigned char *data,
                                const unsigned char *end)
{
    (void)regex;
    (void)end;
    return data;
}

struct regex_thread *regex_thread_open(void)
{
    return NULL;
}

void regex_thread_close(struct regex_thread *thread)
{
    (void)thread;
}

int regex_match_open(struct regex_match *match, const struct regex *regex,
                     struct regex_thread *thread)
{
    (void)match;
    (void)regex;
    (void)thread;
    return -1;
}

void regex_match_close(struct regex_match *match)
{
    (void)match;
}

enum regex_found regex_search(struct regex_match *match, const unsigned char *line, size_t size,
                              size_t from)
{
    (void)match;
    (void)line;
    (void)size;
    (void)from;
    return REGEX_NONE;
}

#else
typedef int regex_with_pcre2; /* a file must declare something */
#endif
