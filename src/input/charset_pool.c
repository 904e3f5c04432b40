/* SPDX-License-Identifier: MIT
 *
 * charset_pool - conversions of iconv's; see charset_pool.h.
 */
#include "input/charset_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"

struct charset_pool {
    bool holds_back;
    struct thread_mutex lock; /* of: */
    iconv_t *idle;            /* conversions that nobody has, */
    size_t count;
    size_t room; /* which suffices for all that were opened */
    char name[];
};

/* Opens one more, and room to keep it; by who has the lock or is alone. Returns 0 or an errno
 * value. */
static int pool_add(struct charset_pool *pool, size_t opened)
{
    iconv_t *more = realloc(pool->idle, (opened + 1) * sizeof *more);

    if (more == NULL)
        return ENOMEM;
    pool->idle = more;
    iconv_t conversion = iconv_open("UTF-8", pool->name);
    if (conversion == (iconv_t)-1)
        return errno;
    pool->room = opened + 1;
    pool->idle[pool->count++] = conversion;
    return 0;
}

int charset_pool_open(const char *name, struct charset_pool **opened)
{
    struct charset_pool *pool = calloc(1, sizeof *pool + strlen(name) + 1);

    *opened = NULL;
    if (pool == NULL)
        return ENOMEM;
    strcpy(pool->name, name);
    int status = thread_mutex_open(&pool->lock);
    if (status != 0) {
        free(pool);
        return status;
    }
    status = pool_add(pool, 0);
    if (status != 0) {
        charset_pool_close(pool);
        return status;
    }
    *opened = pool;
    return 0;
}

void charset_pool_close(struct charset_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        (void)iconv_close(pool->idle[i]);
    free(pool->idle);
    thread_mutex_close(&pool->lock);
    free(pool);
}

int charset_pool_take(struct charset_pool *pool, iconv_t *conversion)
{
    int status = 0;

    thread_lock(&pool->lock);
    if (pool->count == 0)
        status = pool_add(pool, pool->room);
    if (status == 0)
        *conversion = pool->idle[--pool->count];
    thread_unlock(&pool->lock);
    return status;
}

void charset_pool_give(struct charset_pool *pool, iconv_t conversion)
{
    (void)iconv(conversion, NULL, NULL, NULL, NULL);
    thread_lock(&pool->lock);
    pool->idle[pool->count++] = conversion;
    thread_unlock(&pool->lock);
}

bool charset_pool_holds_back(const struct charset_pool *pool)
{
    return pool->holds_back;
}

void charset_pool_set_holds_back(struct charset_pool *pool)
{
    pool->holds_back = true;
}
