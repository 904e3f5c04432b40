/* SPDX-License-Identifier: MIT
 *
 * regex - see regex.h.
 */
#include "text/regex.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "text/literal.h"
#include "text/regex_library.h"
#include "text/regex_literal.h"

#ifdef MRCOUNT_PCRE2

/* Steps of one search: what is usual for each place in a line, a tenth of a second with the JIT and
 * a quarter without. */
#define STEPS 10000000
/* Steps of a place that are not counted: a second in a line of 1 MB. */
#define LEAST_STEPS 100
/* Places of a line up to which each may take its part of all steps at once. */
#define FEW_PLACES 1024
/* Places that are tried together where each takes few. */
#define MOST_PLACES 4096
/* The library counts no steps of a loop over single characters, as in (a+)b, nor how much a
 * reference back compares. A place of a line can take as many of these as the line is long, or that
 * times itself where there are references, before it comes to a step that is counted. So lines of
 * these sizes and more are searched in parts of so many places, between which a clock is looked at;
 * and so it is at each item of the RE where a place takes many steps or there are references. */
#define LONG_LINE ((size_t)8 << 10)
#define LONG_LINE_REFERENCES ((size_t)1 << 10)
#define PART_PLACES 256
#define LEAST_PART_PLACES 64
#define PART_BYTES ((size_t)1 << 26)
/* Of the thread's time, in nanoseconds: what all searches of such a line may take, and for each of
 * its bytes; what a part takes at most for the next one to be larger. */
#define LINE_TIME UINT64_C(250000000)
#define BYTE_TIME UINT64_C(500)
#define PART_TIME UINT64_C(1000000)
/* How often that clock is looked at, of items and of parts that take less. */
#define LOOK_ITEMS 256
#define LOOK_PARTS 256
/* KiB that a search may take for places to come back to: enough for a group repeated on a line of
 * some MiB. */
#define HEAP_KIB 65536
/* The same for machine code: it has this much of the thread's stack, or a stack of its own that
 * grows to this, of addresses at first. */
#define STACK_BEGIN ((size_t)64 << 10)
#define STACK_MOST ((size_t)HEAP_KIB << 10)

/* An RE compiled. */
struct program {
    pcre2_code *code;
    bool jit; /* there is machine code */
};

/* One for searches of all of a line; one for matches that begin up to some place: to look for that
 * place takes a seventh more where matches are short; and one that besides tells of each item on
 * the way, which takes several times as long. */
struct regex {
    const struct regex_library *library;
    const char *text;
    struct program all, bounded, watched;
    unsigned groups;
    bool references;  /* back, to groups */
    bool line_starts; /* a match begins behind a newline, or where the search does */
    bool anchored_at_search;
    bool undivided;      /* what is found at a place depends on more than that */
    bool whole;          /* the hint is all of the RE */
    struct literal hint; /* of these bytes, or none */
    unsigned char bytes[];
};

struct regex_thread {
    const struct regex_library *library; /* NULL: nothing has been matched yet */
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* NULL: that of the thread has done so far */
    uint32_t steps;         /* that the context allows now, */
    size_t last;            /* and the last place for a match to begin */
};

bool regex_built_in(void)
{
    return true;
}

static int compile(const struct regex *regex, uint32_t options, struct program *program,
                   struct regex_fault *fault)
{
    const struct regex_library *library = regex->library;
    pcre2_compile_context *context = library->compile_context_create(NULL);
    unsigned char reason[sizeof fault->reason];
    int error = 0;
    PCRE2_SIZE offset = 0;
    size_t machine_code = 0;

    if (context == NULL) {
        snprintf(fault->reason, sizeof fault->reason, "memory exhausted");
        return -1;
    }
    library->set_newline(context, PCRE2_NEWLINE_LF);
    program->code = library->compile((PCRE2_SPTR)regex->text, PCRE2_ZERO_TERMINATED, options,
                                     &error, &offset, context);
    library->compile_context_free(context);
    if (program->code == NULL) {
        library->get_error_message(error, reason, sizeof reason);
        snprintf(fault->reason, sizeof fault->reason, "%s", (char *)reason);
        fault->text = regex->text;
        fault->offset = offset;
        return -1;
    }
    /* Where no executable memory is to be had, the interpreter matches. */
    program->jit = library->jit_compile(program->code, PCRE2_JIT_COMPLETE) == 0 &&
                   library->pattern_info(program->code, PCRE2_INFO_JITSIZE, &machine_code) == 0 &&
                   machine_code > 0;
    return 0;
}

int regex_open(const char *text, bool caseless, struct regex **opened, struct regex_fault *fault)
{
    const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF |
                             PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
                             (caseless ? PCRE2_CASELESS : 0);
    const char *reason = NULL;
    const struct regex_library *library = regex_library_open(&reason);
    uint32_t groups = 0, references = 0, first = 0;

    *opened = NULL;
    *fault = (struct regex_fault){0};
    if (library == NULL) {
        snprintf(fault->reason, sizeof fault->reason, "%s", reason);
        return -1;
    }
    struct regex *regex = calloc(1, sizeof *regex + strlen(text) + 1);
    if (regex == NULL) {
        snprintf(fault->reason, sizeof fault->reason, "memory exhausted");
        return -1;
    }
    regex->library = library;
    regex->text = text;
    if (compile(regex, options, &regex->all, fault) != 0 ||
        compile(regex, options | PCRE2_USE_OFFSET_LIMIT, &regex->bounded, fault) != 0 ||
        compile(regex, options | PCRE2_USE_OFFSET_LIMIT | PCRE2_AUTO_CALLOUT, &regex->watched,
                fault) != 0) {
        regex_close(regex);
        return -1;
    }
    library->pattern_info(regex->all.code, PCRE2_INFO_BACKREFMAX, &references);
    regex->references = references > 0;
    library->pattern_info(regex->all.code, PCRE2_INFO_FIRSTCODETYPE, &first);
    regex->line_starts = first == 2;
    library->pattern_info(regex->all.code, PCRE2_INFO_CAPTURECOUNT, &groups);
    regex->groups = groups;
    regex->anchored_at_search = strstr(text, "\\G") != NULL;
    /* These verbs leave places out, behind where the search may be divided. */
    regex->undivided = regex->anchored_at_search || strstr(text, "(*COMMIT") != NULL ||
                       strstr(text, "(*SKIP") != NULL;
    const size_t hint_size = regex_literal(text, caseless, regex->bytes, &regex->whole);
    if (hint_size > 0)
        literal_open(&regex->hint, regex->bytes, hint_size);
    *opened = regex;
    return 0;
}

void regex_close(struct regex *regex)
{
    if (regex == NULL)
        return;
    regex->library->code_free(regex->all.code);
    regex->library->code_free(regex->bounded.code);
    regex->library->code_free(regex->watched.code);
    free(regex);
}

const char *regex_text(const struct regex *regex)
{
    return regex->text;
}

unsigned regex_groups(const struct regex *regex)
{
    return regex->groups;
}

int regex_group_named(const struct regex *regex, const char *name, size_t size)
{
    const struct regex_library *library = regex->library;
    uint32_t count = 0, entry = 0;
    PCRE2_SPTR table = NULL;

    library->pattern_info(regex->all.code, PCRE2_INFO_NAMECOUNT, &count);
    library->pattern_info(regex->all.code, PCRE2_INFO_NAMEENTRYSIZE, &entry);
    library->pattern_info(regex->all.code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++, table += entry) {
        const char *found = (const char *)table + 2;
        if (strlen(found) == size && memcmp(found, name, size) == 0)
            return table[0] << 8 | table[1];
    }
    return -1;
}

bool regex_anchored_at_search(const struct regex *regex)
{
    return regex->anchored_at_search;
}

/* ---- Bytes that a match must hold ------------------------------------------------------------ */

bool regex_has_hint(const struct regex *regex)
{
    return regex->hint.size > 0;
}

bool regex_is_hint(const struct regex *regex)
{
    return regex->whole;
}

const unsigned char *regex_hint(const struct regex *regex, const unsigned char *data,
                                const unsigned char *end)
{
    return regex->hint.size > 0 ? literal_find(&regex->hint, data, end) : data;
}

/* ---- Matching -------------------------------------------------------------------------------- */

struct regex_thread *regex_thread_open(void)
{
    return calloc(1, sizeof(struct regex_thread));
}

void regex_thread_close(struct regex_thread *thread)
{
    if (thread == NULL)
        return;
    if (thread->library != NULL) {
        thread->library->jit_stack_free(thread->stack);
        thread->library->match_context_free(thread->context);
    }
    free(thread);
}

int regex_match_open(struct regex_match *match, const struct regex *regex,
                     struct regex_thread *thread)
{
    const struct regex_library *library = regex->library;

    *match = (struct regex_match){.regex = regex, .thread = thread};
    if (thread->library == NULL) {
        thread->context = library->match_context_create(NULL);
        if (thread->context == NULL)
            return -1;
        thread->library = library;
        thread->last = PCRE2_UNSET;
        library->set_depth_limit(thread->context, STEPS);
        library->set_heap_limit(thread->context, HEAP_KIB);
    }
    match->data = library->match_data_create_from_pattern(regex->all.code, NULL);
    if (match->data == NULL)
        return -1;
    match->groups = library->get_ovector_pointer(match->data);
    return 0;
}

void regex_match_close(struct regex_match *match)
{
    if (match->data != NULL)
        match->regex->library->match_data_free(match->data);
    match->data = NULL;
}

/* Gives machine code a stack of its own. Returns false where it has one, or memory is out. */
static bool enlarge_stack(struct regex_thread *thread)
{
    if (thread->stack != NULL)
        return false;
    thread->stack = thread->library->jit_stack_create(STACK_BEGIN, STACK_MOST, NULL);
    if (thread->stack != NULL)
        thread->library->jit_stack_assign(thread->context, NULL, thread->stack);
    return thread->stack != NULL;
}

/* Whether no character of UTF-8, of up to six bytes as it was at first, begins with the byte. */
static bool begins_nothing(unsigned char c)
{
    return (c >= 0x80 && c < 0xc2) || c >= 0xfe;
}

/* Has places count from the begin of the line, `before` bytes before that of what was searched. */
static void move_places(struct regex_match *match, size_t before)
{
    PCRE2_SIZE *places = match->regex->library->get_ovector_pointer(match->data);

    match->place += before;
    for (size_t i = 0; i < 2 * ((size_t)match->regex->groups + 1); i++)
        if (places[i] != PCRE2_UNSET)
            places[i] += before;
}

/* What is searched. */
struct subject {
    const unsigned char *text;
    size_t size;
    uint32_t options;
    bool is_long; /* a long line, or a part of it */
};

static bool out_of_time(const struct regex_match *match)
{
    return thread_time() >= match->until;
}

/* As pcre2_set_callout wants it. */
static int look_at_clock(pcre2_callout_block *block, void *context)
{
    struct regex_match *match = context;

    (void)block;
    return ++match->items % LOOK_ITEMS == 0 && out_of_time(match) ? PCRE2_ERROR_CALLOUT : 0;
}

/* A search in a long line begins. */
static void begin_long(struct regex_match *match, const unsigned char *line, size_t size,
                       size_t from)
{
    /* Another line may stand where the last one did. */
    if (from == 0 || match->line != line) {
        match->until = thread_time() + LINE_TIME + size * BYTE_TIME;
        match->parts = 0;
    }
    match->line = line;
    match->regex->library->set_callout(match->thread->context, look_at_clock, match);
}

/* Looks for a match that begins in [from, last], with this many steps for each place. */
static int try_places(struct regex_match *match, const struct subject *subject, size_t from,
                      size_t last, uint32_t steps)
{
    const struct regex_library *library = match->regex->library;
    const struct regex *regex = match->regex;
    const bool watch = subject->is_long && (regex->references || steps > LEAST_STEPS);
    const struct program *program = watch                 ? &regex->watched
                                    : last == PCRE2_UNSET ? &regex->all
                                                          : &regex->bounded;
    struct regex_thread *thread = match->thread;
    int found;

    if (thread->steps != steps) {
        library->set_match_limit(thread->context, steps);
        thread->steps = steps;
    }
    if (thread->last != last) {
        library->set_offset_limit(thread->context, last);
        thread->last = last;
    }
    do
        found = (program->jit ? library->jit_match
                              : library->match)(program->code, subject->text, subject->size, from,
                                                subject->options, match->data, thread->context);
    while (found == PCRE2_ERROR_JIT_STACKLIMIT && enlarge_stack(thread));
    return found;
}

/* How many places a search of a long line begins with. */
static size_t first_part(size_t size)
{
    const size_t places = PART_BYTES / size;

    return places > PART_PLACES         ? PART_PLACES
           : places < LEAST_PART_PLACES ? LEAST_PART_PLACES
                                        : places;
}

/* Whether the line has taken its time; else says how many places to try next, behind so many that
 * took `time`. */
static bool next_part(struct regex_match *match, uint64_t *time, size_t *places)
{
    /* This clock takes a tenth of the time to read. */
    const uint64_t now = thread_now(), before = *time;

    *time = now;
    if (before == 0 || now - before < PART_TIME)
        return ++match->parts % LOOK_PARTS == 0 && out_of_time(match);
    *places = (*places + 3) / 4;
    return out_of_time(match);
}

/* The next place behind `last` to be tried: SIZE_MAX where there is none. */
static size_t next_place(const struct regex *regex, const struct subject *subject, size_t last)
{
    const size_t size = subject->size;
    size_t place = last + 1;

    if (regex->line_starts) {
        const unsigned char *newline = memchr(subject->text + last, '\n', size - last);
        return newline != NULL ? (size_t)(newline - subject->text) + 1 : SIZE_MAX;
    }
    while (place < size && (subject->text[place] & 0xc0) == 0x80)
        place++;
    return place;
}

/* A search of a long line, or one of which some place takes more than LEAST_STEPS: place by place
 * there, so that what all of them take is known, to a factor of four. */
static int try_slowly(struct regex_match *match, const struct subject *subject, size_t from)
{
    uint32_t steps = LEAST_STEPS, left = STEPS;
    size_t places = subject->is_long ? first_part(subject->size) : 1;
    uint64_t time = 0;

    if (subject->is_long && ++match->parts % LOOK_PARTS == 0 && out_of_time(match))
        return PCRE2_ERROR_CALLOUT;
    while (from <= subject->size) {
        const size_t last = places < subject->size - from ? from + places - 1 : subject->size;
        const int found = try_places(match, subject, from, last, steps);
        if (found == PCRE2_ERROR_MATCHLIMIT && places > 1) {
            places = 1;
        } else if (found == PCRE2_ERROR_MATCHLIMIT) {
            if (steps > left / 4)
                return found;
            steps *= 4;
        } else if (found != PCRE2_ERROR_NOMATCH) {
            return found;
        } else {
            /* Fewer than a quarter had not been enough. */
            left -= steps > LEAST_STEPS ? steps / 4 : 0;
            places = steps > LEAST_STEPS ? 1 : places < MOST_PLACES ? 2 * places : places;
            steps = LEAST_STEPS;
            if (subject->is_long && next_part(match, &time, &places))
                return PCRE2_ERROR_CALLOUT;
            from = next_place(match->regex, subject, last);
        }
    }
    return PCRE2_ERROR_NOMATCH;
}

enum regex_found regex_search(struct regex_match *match, const unsigned char *line, size_t size,
                              size_t from)
{
    const struct regex *regex = match->regex;
    struct regex_thread *thread = match->thread;
    const size_t given = from;
    size_t before = 0;

    /* Behind such bytes grep has the text begin, so that .* is tried there: PCRE2 tries it at the
     * begin of a text only. */
    if (from < size && begins_nothing(line[from])) {
        for (before = from + 1; before < size && begins_nothing(line[before]);)
            before++;
        from = before;
    }
    const struct subject subject = {line + before, size - before, before > 0 ? PCRE2_NOTBOL : 0,
                                    size >= (regex->references ? LONG_LINE_REFERENCES : LONG_LINE)};
    int found = PCRE2_ERROR_MATCHLIMIT;
    if (subject.is_long) {
        begin_long(match, line, size, given);
    } else {
        /* The library counts steps anew at each place that it tries. */
        const uint32_t steps = size < FEW_PLACES ? STEPS / FEW_PLACES : LEAST_STEPS;
        found = try_places(match, &subject, from - before, PCRE2_UNSET, steps);
    }
    if (found == PCRE2_ERROR_MATCHLIMIT)
        found = regex->undivided ? try_places(match, &subject, from - before, PCRE2_UNSET, STEPS)
                                 : try_slowly(match, &subject, from - before);
    if (found > 0) {
        match->place = regex->library->get_startchar(match->data);
        if (before > 0)
            move_places(match, before);
        return REGEX_FOUND;
    }
    switch (found) {
    case PCRE2_ERROR_NOMATCH:
        return REGEX_NONE;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_CALLOUT:
    case PCRE2_ERROR_RECURSELOOP:
        return REGEX_TOO_LONG;
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return thread->stack != NULL ? REGEX_TOO_DEEP : REGEX_NO_MEMORY;
    case PCRE2_ERROR_NOMEMORY:
        return REGEX_NO_MEMORY;
    default: /* the limits on depth and heap; there is no other with what is passed here */
        return REGEX_TOO_DEEP;
    }
}

#else
typedef int regex_without_pcre2; /* a file must declare something */
#endif
