/* SPDX-License-Identifier: MIT
 *
 * field_list - a LIST of fields by number and by name.
 */
#ifndef CLI_FIELD_LIST_H
#define CLI_FIELD_LIST_H

#include <stddef.h>

#include "base/range.h"

/* What a LIST holds, to be freed by field_list_free. All zero is an empty one. */
struct field_list {
    struct range *ranges; /* as number_parse_list has them */
    size_t range_count;
    const char **names; /* in the order given */
    size_t name_count;
};

/* Reads a LIST, divided by commas. What is of digits and '-' alone is a number or a range; all else
 * is a name, as it stands or, if it begins with one, in double quotes, in which "" is a quote.
 * Returns NULL, or what is wrong, as number_parse_list does; then the list is empty. */
const char *field_list_parse(const char *s, struct field_list *list);
void field_list_free(struct field_list *list);

#endif
