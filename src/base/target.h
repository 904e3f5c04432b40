/* SPDX-License-Identifier: MIT
 *
 * target - switches instructions on for the functions between two macros, so that one build carries
 * every kernel and needs no machine of its own.
 *
 *     #define TARGET "avx2,bmi,popcnt"
 *     TARGET_BEGIN
 *     ...
 *     TARGET_END
 */
#ifndef BASE_TARGET_H
#define BASE_TARGET_H

#define TARGET_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define TARGET_BEGIN_(list)                                                                        \
    TARGET_PRAGMA(clang attribute push(__attribute__((target(list))), apply_to = function))
#define TARGET_END _Pragma("clang attribute pop")
#else
#define TARGET_BEGIN_(list) _Pragma("GCC push_options") TARGET_PRAGMA(GCC target(list))
#define TARGET_END _Pragma("GCC pop_options")
#endif
#define TARGET_BEGIN TARGET_BEGIN_(TARGET)

/* Before a loop of few instructions: eight rounds at a time. gcc -O2 would leave it as it stands,
 * and where the rounds are a constant few, its registers in memory. */
#if defined(__clang__)
#define TARGET_UNROLL _Pragma("clang loop unroll_count(8)")
#else
#define TARGET_UNROLL _Pragma("GCC unroll 8")
#endif

#endif
