/* SPDX-License-Identifier: MIT
 *
 * option - what the functions that take arguments share; see option.h.
 */
#include "cli/option.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"

bool option_listed(const char *list, const char *name)
{
    size_t size = strlen(name);

    for (const char *p = list; p != NULL && *p != '\0'; p += *p == ' ') {
        size_t length = strcspn(p, " ");
        if (length == size && memcmp(p, name, size) == 0)
            return true;
        p += length;
    }
    return false;
}

void option_wrong(struct option_pass *pass, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    pass->failed = true;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        option_no_memory(pass);
        return;
    }
    message_usage(pass->message, "%s", text);
    free(text);
}

void option_no_memory(struct option_pass *pass)
{
    pass->failed = true;
    message_error(pass->message, "out of memory");
}

int option_choice(struct option_pass *pass, const struct option_row *row, const char *given)
{
    size_t size = strlen(given);
    char allowed[128] = "";
    int index = 0;
    int found = -1;
    int matches = 0;

    for (const char *p = row->choices; *p != '\0'; index++) {
        size_t length = strcspn(p, " ");
        if (size > 0 && size <= length && strncmp(p, given, size) == 0) {
            found = index;
            if (size == length)
                return index;
            matches++;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%.*s", used > 0 ? ", " : "", (int)length,
                 p);
        p += length;
        p += *p == ' ';
    }
    if (matches == 1)
        return found;
    option_wrong(pass, "%s '%s' for --%s: allowed are %s", matches > 1 ? "ambiguous" : "unknown",
                 given, row->name, allowed);
    return -1;
}

uint64_t option_number(struct option_pass *pass, const struct option_row *row, const char *given)
{
    uint64_t number = row->least;
    int status = number_parse(given, row->least, row->most, &number);

    if (status == EINVAL)
        option_wrong(pass, "--%s needs a whole number, got '%s'", row->name, given);
    else if (status != 0 && row->most == UINT64_MAX && row->least == 0)
        option_wrong(pass, "--%s: '%s' is larger than 2^64-1", row->name, given);
    else if (status != 0)
        option_wrong(pass, "--%s: '%s' is not from %ju to %ju", row->name, given,
                     (uintmax_t)row->least, (uintmax_t)row->most);
    return number;
}
