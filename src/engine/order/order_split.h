/* SPDX-License-Identifier: MIT
 *
 * order_split - a part of the order too large to be sorted in memory becomes many.
 */
#ifndef ENGINE_ORDER_SPLIT_H
#define ENGINE_ORDER_SPLIT_H

#include "engine/order/order.h"

/* Splits a part, where it is too large. Returns -1 when the job fails. */
int order_split(struct order_worker *own, size_t part);

#endif
