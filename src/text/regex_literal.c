/* SPDX-License-Identifier: MIT
 *
 * regex_literal - see regex_literal.h.
 *
 * An RE is read as far as its syntax is sure to be understood: sequences of characters, and groups
 * of them, outside of alternatives and of what may be left out. At anything that could change what
 * stands elsewhere (options, recursion, conditions, verbs, \Q) no bytes are known.
 */
#include "text/regex_literal.h"

#include <string.h>

/* Bytes of the text, one behind the other as they must be held. */
struct run {
    size_t begin, size;
    unsigned weight; /* how rare they are taken to be */
};

struct scan {
    const char *at;
    bool caseless;
    bool unsure;        /* something was met that is not understood */
    bool plain;         /* nothing but characters has been met */
    unsigned char *out; /* all characters so far */
    size_t used;
    struct run run, best;
    size_t last; /* bytes of the character before; 0: something else is there */
};

/* In logs and in prose blanks are everywhere, then letters and digits. */
static unsigned weight_of(unsigned char c)
{
    if (c == ' ')
        return 1;
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? 4 : 6;
}

static void end_run(struct scan *scan)
{
    struct run *run = &scan->run;

    run->weight = 0;
    for (size_t i = 0; i < run->size; i++)
        run->weight += weight_of(scan->out[run->begin + i]);
    if (run->weight > scan->best.weight)
        scan->best = *run;
    *run = (struct run){.begin = scan->used};
    scan->last = 0;
}

/* Something that is no character. */
static void other(struct scan *scan)
{
    end_run(scan);
    scan->plain = false;
}

/* A character of `size` bytes at `at`. Without regard to case only what has none is the same in
 * every match, and no line holds a newline. */
static void character(struct scan *scan, size_t size)
{
    const unsigned char c = (unsigned char)*scan->at;
    const bool cased = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;

    if ((scan->caseless && cased) || c == '\n') {
        other(scan);
    } else {
        memcpy(scan->out + scan->used, scan->at, size);
        scan->used += size;
        scan->run.size += size;
        scan->last = size;
    }
    scan->at += size;
}

/* The bytes of the character that begins so. */
static size_t size_of(const char *at)
{
    size_t size = 1;

    while (((unsigned char)at[size] & 0xc0) == 0x80 && (unsigned char)*at >= 0xc0)
        size++;
    return size;
}

/* Goes past `close`, which must come. */
static void skip_past(struct scan *scan, char close)
{
    const char *found = strchr(scan->at, close);

    if (found != NULL)
        scan->at = found + 1;
    else
        scan->unsure = true;
}

/* What stands behind a backslash and its letter. */
static void skip_arguments(struct scan *scan, char letter)
{
    if (*scan->at == '{')
        skip_past(scan, '}');
    else if (letter == 'x')
        for (int i = 0; i < 2 && *scan->at != '\0' && strchr("0123456789abcdefABCDEF", *scan->at);
             i++)
            scan->at++;
    else if (*scan->at != '\0')
        scan->at += size_of(scan->at);
    else
        scan->unsure = true;
}

static void escape(struct scan *scan)
{
    const char c = *++scan->at;

    if (c != '\0' && strchr("dDwWsSbBAZzhHvVRXKGtnrfea", c) != NULL) {
        other(scan);
        scan->at++;
    } else if (c == 'p' || c == 'P' || c == 'x') {
        other(scan);
        scan->at++;
        skip_arguments(scan, c);
    } else if (c >= '0' && c <= '9') {
        other(scan);
        scan->at += strspn(scan->at, "0123456789");
    } else if (c == '\0' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (unsigned char)c >= 0x80) {
        scan->unsure = true;
    } else {
        character(scan, 1);
    }
}

static void skip_class(struct scan *scan)
{
    other(scan);
    scan->at++;
    scan->at += *scan->at == '^';
    scan->at += *scan->at == ']';
    while (*scan->at != ']' && !scan->unsure) {
        if (*scan->at == '\0' || (*scan->at == '\\' && (scan->at[1] == '\0' || scan->at[1] == 'Q' ||
                                                        scan->at[1] == 'E')))
            scan->unsure = true;
        else if (*scan->at == '\\')
            scan->at += 2;
        else if (*scan->at == '[' && strchr(":.=", scan->at[1]) != NULL && scan->at[1] != '\0') {
            /* [:alpha:], unless the bracket stands for itself */
            const char *end = strstr(scan->at + 2, (const char[]){scan->at[1], ']', '\0'});
            if (end == NULL)
                scan->unsure = true;
            else
                scan->at = end + 2;
        } else {
            scan->at++;
        }
    }
    scan->at += !scan->unsure;
}

/* Whether what stands before `at` may be left out, which goes past a quantifier there. */
static bool quantifier(struct scan *scan, bool *may_lack)
{
    const char *at = scan->at;

    *may_lack = *at != '+';
    if (*at == '{') {
        const char *p = at + 1;
        bool some = false;
        for (; *p >= '0' && *p <= '9'; p++)
            some |= *p != '0';
        *may_lack = !some || p == at + 1 || strchr(",}", *p) == NULL || *p == '\0';
        /* What is no quantifier is taken for one, whose text goes unused. */
        p += strspn(p, "0123456789, ");
        scan->at = *p == '}' ? p + 1 : at + 1;
    } else if (*at == '*' || *at == '+' || *at == '?') {
        scan->at++;
    } else {
        return false;
    }
    scan->at += *scan->at == '?' || *scan->at == '+';
    return true;
}

static void group(struct scan *scan);

/* Goes up to the end of a group or of the text. */
static void sequence(struct scan *scan)
{
    const struct run before = scan->best;
    bool alternatives = false, may_lack;

    while (*scan->at != '\0' && *scan->at != ')' && !scan->unsure) {
        const size_t last = scan->last;
        if (quantifier(scan, &may_lack)) {
            if (may_lack) {
                scan->run.size -= last;
                scan->used -= last;
            }
            other(scan);
        } else if (*scan->at == '\\') {
            escape(scan);
        } else if (*scan->at == '[') {
            skip_class(scan);
        } else if (*scan->at == '(') {
            group(scan);
        } else if (strchr(".^$|", *scan->at) != NULL) {
            alternatives |= *scan->at == '|';
            other(scan);
            scan->at++;
        } else {
            character(scan, size_of(scan->at));
        }
    }
    end_run(scan);
    if (alternatives)
        scan->best = before;
}

/* Whether a group that begins here is read on behind its head: a group that only groups, or
 * captures. */
static bool group_head(struct scan *scan)
{
    const char *at = scan->at;

    if (at[0] == '*')
        return false;
    if (at[0] != '?')
        return true;
    if (at[1] == ':' || at[1] == '>') {
        scan->at += 2;
        return true;
    }
    at += at[1] == 'P' ? 2 : 1;
    if (at[0] != '<' || at[1] == '=' || at[1] == '!')
        return false;
    scan->at = at;
    skip_past(scan, '>');
    return true;
}

static void group(struct scan *scan)
{
    const char *at = ++scan->at;
    struct run before;
    bool may_lack;
    const bool looks = at[0] == '?' && (at[1] == '=' || at[1] == '!' ||
                                        (at[1] == '<' && (at[2] == '=' || at[2] == '!')));

    other(scan);
    before = scan->best;
    if (looks)
        scan->at += at[1] == '<' ? 3 : 2;
    else if (!group_head(scan))
        scan->unsure = true;
    if (scan->unsure)
        return;
    sequence(scan);
    if (*scan->at != ')') {
        scan->unsure = true;
        return;
    }
    scan->at++;
    if ((quantifier(scan, &may_lack) && may_lack) || looks)
        scan->best = before;
}

size_t regex_literal(const char *text, bool caseless, unsigned char *out, bool *whole)
{
    struct scan scan = {.at = text, .caseless = caseless, .plain = true, .out = out};

    sequence(&scan);
    *whole = false;
    if (scan.unsure || *scan.at != '\0')
        return 0;
    *whole = scan.plain && scan.best.size > 0;
    memmove(out, out + scan.best.begin, scan.best.size);
    return scan.best.size;
}
