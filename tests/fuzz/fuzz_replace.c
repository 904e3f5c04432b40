/* SPDX-License-Identifier: MIT
 *
 * fuzz_replace - an RE, a template and a line, divided by NULs: what a template is said to make of
 * a match fits where it is written, and a line with a match holds what the RE is known to need.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/regex.h"
#include "text/template.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* The next piece of the input, in memory of its own, with a NUL behind it. */
static char *take(const unsigned char **data, size_t *size, bool last, size_t *taken)
{
    const unsigned char *end = last ? NULL : memchr(*data, '\0', *size);

    *taken = end ? (size_t)(end - *data) : *size;
    char *piece = malloc(*taken + 1);
    if (!piece)
        abort();
    memcpy(piece, *data, *taken);
    piece[*taken] = '\0';
    *data += *taken + (end != NULL);
    *size -= *taken + (end != NULL);
    return piece;
}

static void fill(const struct template *template, const struct regex_match *match,
                 const unsigned char *line)
{
    const size_t size = template_size(template, 0, match->groups);
    unsigned char *out = malloc(size + 1);

    if (!out)
        return;
    template_fill(template, 0, match->groups, line, out);
    free(out);
}

static void try_line(struct regex_match *match, const struct template *template,
                     const unsigned char *line, size_t size)
{
    const struct regex *regex = match->regex;
    const bool hint = !regex_has_hint(regex) || regex_hint(regex, line, line + size) < line + size;

    for (size_t from = 0; from < size;) {
        const enum regex_found found = regex_search(match, line, size, from);
        if (from == 0 && found == REGEX_NONE && hint && regex_is_hint(regex))
            abort();
        if (found != REGEX_FOUND)
            return;
        if (!hint || match->place < from || match->groups[1] > size)
            abort();
        if (template)
            fill(template, match, line);
        from = match->groups[1] > from ? match->groups[1] : from + 1;
        while (from < size && (line[from] & 0xc0) == 0x80)
            from++;
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct regex *regex = NULL;
    struct regex_fault fault;
    struct template *template = NULL;
    struct regex_match match = {.data = NULL};
    size_t length, line_size;

    if (!regex_built_in() || size == 0)
        return 0;
    const bool caseless = data[0] & 1;
    data++;
    size--;
    char *text = take(&data, &size, false, &length);
    char *replacement = take(&data, &size, false, &length);
    char *line = take(&data, &size, true, &line_size);
    /* A line has no newline. */
    line_size = strcspn(line, "\n") < line_size ? strcspn(line, "\n") : line_size;
    struct regex_thread *thread = regex_thread_open();
    if (!thread)
        abort();
    if (regex_open(text, caseless, &regex, &fault) != 0) {
        if (fault.text && fault.offset > strlen(text))
            abort();
    } else if (regex_match_open(&match, regex, thread) == 0) {
        if (template_open(replacement, &regex, 1, &template, &fault) != 0 && fault.text &&
            fault.offset > strlen(replacement))
            abort();
        try_line(&match, template, (unsigned char *)line, line_size);
        template_close(template);
        regex_match_close(&match);
    }
    regex_close(regex);
    regex_thread_close(thread);
    free(text);
    free(replacement);
    free(line);
    return 0;
}
