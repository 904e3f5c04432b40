/* SPDX-License-Identifier: MIT
 *
 * sanitized - whether the tests are built with a sanitizer, under which they take many times as
 * long: what is only more of the same is then done less often.
 */
#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

#endif
