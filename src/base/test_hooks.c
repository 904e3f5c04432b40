/* SPDX-License-Identifier: MIT
 *
 * test_hooks - see test_hooks.h.
 */
#include "base/test_hooks.h"

struct test_hooks test_hooks;
