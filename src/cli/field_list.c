/* SPDX-License-Identifier: MIT
 *
 * field_list - see field_list.h.
 */
#include "cli/field_list.h"

#include <stdlib.h>
#include <string.h>

#include "cli/number.h"

/* Takes the name in quotes that begins at s, to `out`; *end is put behind it. Returns what is
 * wrong, or NULL. */
static const char *quoted_name(const char *s, char *out, const char **end)
{
    for (s++; *s != '\0'; s++) {
        if (*s == '"' && *++s != '"') {
            *out = '\0';
            *end = s;
            return *s == '\0' || *s == ',' ? NULL : "something follows a name in quotes";
        }
        *out++ = *s;
    }
    return "a quote is not closed";
}

/* Divides a LIST into names, which are copied to `text`, and numbers, copied to `numbers`; both
 * have room for all of it. */
static const char *divide(const char *s, struct field_list *list, char *text, char *numbers)
{
    for (;;) {
        const size_t digits = strspn(s, "0123456789-");
        const char *end = s + digits;
        if (digits > 0 && (*end == '\0' || *end == ',')) {
            numbers = mempcpy(numbers, s, digits);
            *numbers++ = ',';
            *numbers = '\0';
        } else {
            const char *wrong = NULL;
            list->names[list->name_count++] = text;
            if (*s == '"') {
                wrong = quoted_name(s, text, &end);
            } else {
                end = s + strcspn(s, ",");
                *(char *)mempcpy(text, s, (size_t)(end - s)) = '\0';
                wrong = end == s ? "a name is empty" : NULL;
            }
            if (wrong != NULL)
                return wrong;
            text += strlen(text) + 1;
        }
        if (*end == '\0')
            return NULL;
        s = end + 1;
    }
}

const char *field_list_parse(const char *s, struct field_list *list)
{
    const size_t size = strlen(s) + 2;
    size_t most = 1;

    for (const char *p = s; *p != '\0'; p++)
        most += *p == ',';
    char *numbers = calloc(size, 1);
    /* The names stand behind the pointers to them. */
    *list = (struct field_list){.names = malloc(most * sizeof *list->names + size)};
    const char *wrong = number_no_memory;
    if (numbers != NULL && list->names != NULL)
        wrong = divide(s, list, (char *)(list->names + most), numbers);
    if (wrong == NULL && *numbers != '\0') {
        numbers[strlen(numbers) - 1] = '\0';
        wrong = number_parse_list(numbers, &list->ranges, &list->range_count);
    }
    free(numbers);
    if (wrong != NULL)
        field_list_free(list);
    return wrong;
}

void field_list_free(struct field_list *list)
{
    free(list->ranges);
    free((void *)list->names);
    *list = (struct field_list){0};
}
