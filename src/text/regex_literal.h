/* SPDX-License-Identifier: MIT
 *
 * regex_literal - bytes that every line in which an RE matches must hold. They are looked for
 * before the RE is: most lines of a log hold nothing that is wanted. Private to text/.
 */
#ifndef TEXT_REGEX_LITERAL_H
#define TEXT_REGEX_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

/* Writes such bytes of a valid RE to `out`, which has room for all of the text, and returns how
 * many: those that are likely to be the rarest, 0 where none are known. *whole says that the RE is
 * these bytes and nothing else. */
size_t regex_literal(const char *text, bool caseless, unsigned char *out, bool *whole);

#endif
