/* SPDX-License-Identifier: MIT
 *
 * template - see template.h.
 */
#include "text/template.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that stand for themselves, or a group. */
struct part {
    const char *bytes; /* NULL: a group */
    size_t size;
    int *groups; /* by the index of the RE; -1 where that has none such */
};

struct template
{
    size_t count, regexes;
    int *groups;         /* of all parts */
    struct part parts[]; /* as many as the text has bytes at most */
};

static bool is_name(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* The number of the group of that name in an RE; -1 where it has none. */
static int group_of(const struct regex *regex, const char *name, size_t size)
{
    unsigned number = 0;

    for (size_t i = 0; i < size; i++) {
        if (name[i] < '0' || name[i] > '9')
            return regex_group_named(regex, name, size);
        number = number * 10 + (unsigned)(name[i] - '0');
        if (number > regex_groups(regex))
            return -1;
    }
    return (int)number;
}

/* Adds a part for the group of that name. Returns whether any RE has it. */
static bool add_group(struct template *template, struct regex *const *regexes, const char *name,
                      size_t size)
{
    struct part *part = &template->parts[template->count];
    bool any = false;

    *part = (struct part){.groups = template->groups + template->count * template->regexes};
    for (size_t i = 0; i < template->regexes; i++) {
        part->groups[i] = group_of(regexes[i], name, size);
        any |= part->groups[i] >= 0;
    }
    template->count++;
    return any;
}

static void add_bytes(struct template *template, const char *bytes, size_t size)
{
    if (size > 0)
        template->parts[template->count++] = (struct part){.bytes = bytes, .size = size};
}

/* What begins with a $. Returns what is behind it, or NULL with *fault filled. */
static const char *add_dollar(struct template *template, struct regex *const *regexes,
                              const char *at, struct regex_fault *fault)
{
    const bool braced = at[1] == '{';
    const char *name = at + 1 + braced, *end = name;

    if (at[1] == '$') {
        add_bytes(template, at, 1);
        return at + 2;
    }
    while (is_name(*end))
        end++;
    if (!braced && end == name) { /* a $ of no meaning is one */
        add_bytes(template, at, 1);
        return at + 1;
    }
    fault->offset = (size_t)(name - fault->text);
    if (end == name || (braced && *end != '}')) {
        snprintf(fault->reason, sizeof fault->reason, "${ needs the name of a group and a }");
        return NULL;
    }
    if (!add_group(template, regexes, name, (size_t)(end - name))) {
        snprintf(fault->reason, sizeof fault->reason, "no group '%.*s' in the RE%s",
                 (int)(end - name < 40 ? end - name : 40), name, template->regexes > 1 ? "s" : "");
        return NULL;
    }
    return end + braced;
}

int template_open(const char *text, struct regex *const *regexes, size_t count,
                  struct template **opened, struct regex_fault *fault)
{
    const size_t most = strlen(text);
    struct template *template = calloc(1, sizeof *template + most * sizeof *template->parts);
    const char *at = text, *end;

    *opened = NULL;
    *fault = (struct regex_fault){0};
    if (template != NULL)
        template->groups = calloc(most * count + 1, sizeof *template->groups);
    if (template == NULL || template->groups == NULL) {
        snprintf(fault->reason, sizeof fault->reason, "memory exhausted");
        free(template);
        return -1;
    }
    template->regexes = count;
    fault->text = text;
    for (; at != NULL && *at != '\0';
         at = *end == '$' ? add_dollar(template, regexes, end, fault) : end) {
        end = at + strcspn(at, "$");
        add_bytes(template, at, (size_t)(end - at));
    }
    if (at == NULL) {
        template_close(template);
        return -1;
    }
    *opened = template;
    return 0;
}

void template_close(struct template *template)
{
    if (template == NULL)
        return;
    free(template->groups);
    free(template);
}

/* The bytes of a part. */
static size_t part_of(const struct part *part, size_t index, const size_t *groups, size_t *begin)
{
    const int group = part->groups[index];

    if (group < 0 || groups[2 * group] == SIZE_MAX || groups[2 * group] > groups[2 * group + 1])
        return 0;
    *begin = groups[2 * group];
    return groups[2 * group + 1] - *begin;
}

size_t template_size(const struct template *template, size_t index, const size_t *groups)
{
    size_t size = 0, begin;

    for (size_t i = 0; i < template->count; i++) {
        const struct part *part = &template->parts[i];
        size += part->bytes != NULL ? part->size : part_of(part, index, groups, &begin);
    }
    return size;
}

void template_fill(const struct template *template, size_t index, const size_t *groups,
                   const unsigned char *line, unsigned char *out)
{
    for (size_t i = 0; i < template->count; i++) {
        const struct part *part = &template->parts[i];
        size_t begin = 0;
        size_t size = part->bytes != NULL ? part->size : part_of(part, index, groups, &begin);
        if (size > 0)
            memcpy(out, part->bytes != NULL ? (const unsigned char *)part->bytes : line + begin,
                   size);
        out += size;
    }
}
