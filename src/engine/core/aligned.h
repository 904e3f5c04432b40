/* SPDX-License-Identifier: MIT
 *
 * aligned - where callers' values and payloads begin, as mapreduce.h promises: they may hold the
 * widest numbers there are.
 */
#ifndef ENGINE_ALIGNED_H
#define ENGINE_ALIGNED_H

#include <stddef.h>
#include <stdint.h>

#define ALIGNED_TO ((size_t)16)

/* A size rounded up, so that what follows is aligned, too. */
static inline size_t aligned_up(size_t size)
{
    return (size + ALIGNED_TO - 1) & ~(ALIGNED_TO - 1);
}

/* Bytes from an address to the next aligned one. */
static inline size_t aligned_gap(const void *at)
{
    return (0 - (uintptr_t)at) % ALIGNED_TO;
}

#endif
