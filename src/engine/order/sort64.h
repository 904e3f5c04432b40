/* SPDX-License-Identifier: MIT
 *
 * sort64 - sorts 64-bit words in memory.
 */
#ifndef ENGINE_SORT64_H
#define ENGINE_SORT64_H

#include <stddef.h>
#include <stdint.h>

/* Sorts `count` words, ascending; `spare` has room for as many, `places` for a number each. */
typedef void sort64_words(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count);

/* On any CPU, and the fastest for this one. */
sort64_words sort64_scalar;
sort64_words *sort64_select(void);

#endif
