/* SPDX-License-Identifier: MIT
 *
 * template - the text of --replace, in which $0, $1, ${12}, $name and ${name} stand for groups of
 * the match and $$ for $. Private to text/.
 */
#ifndef TEXT_TEMPLATE_H
#define TEXT_TEMPLATE_H

#include <stddef.h>

#include "text/regex.h"

struct template;

/* Compiles it for these REs, one of which at least must have each group; in the others it is empty.
 * Returns 0, or -1 with *fault filled but for its option. All must live as long. */
int template_open(const char *text, struct regex *const *regexes, size_t count,
                  struct template **template, struct regex_fault *fault);
void template_close(struct template *template); /* NULL is allowed */

/* The bytes that become of a match of the RE with that index in the line. */
size_t template_size(const struct template *template, size_t index, const size_t *groups);
void template_fill(const struct template *template, size_t index, const size_t *groups,
                   const unsigned char *line, unsigned char *out);

#endif
