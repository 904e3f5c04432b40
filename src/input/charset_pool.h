/* SPDX-License-Identifier: MIT
 *
 * charset_pool - conversions of iconv's from one charset to UTF-8, opened and used again: one is
 * kept from the beginning on, so that what it takes stays loaded.
 */
#ifndef INPUT_CHARSET_POOL_H
#define INPUT_CHARSET_POOL_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

struct charset_pool;

/* Returns 0, or an errno value: EINVAL where there is no such charset. */
int charset_pool_open(const char *name, struct charset_pool **pool);
/* When all conversions have been given back. NULL is allowed. */
void charset_pool_close(struct charset_pool *pool);

/* Takes a conversion that is in its first state. Returns 0 or an errno value. Any thread. */
int charset_pool_take(struct charset_pool *pool, iconv_t *conversion);
/* Gives it back, in any state. */
void charset_pool_give(struct charset_pool *pool, iconv_t conversion);

/* Whether its conversions keep a character until they have seen the next; and that being so. */
bool charset_pool_holds_back(const struct charset_pool *pool);
void charset_pool_set_holds_back(struct charset_pool *pool);

#endif
