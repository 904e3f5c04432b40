/* SPDX-License-Identifier: MIT
 *
 * thread - the wrapping of pthread (see thread.h).
 */
#include "base/thread.h"

#include "base/test_hooks.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* What a new thread is to do; freed by it. */
struct start {
    void (*run)(void *argument);
    void *argument;
    char name[16]; /* "": that of its maker */
    sigset_t mask;
};

static void *start_thread(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    if (start.name[0] != '\0')
        (void)pthread_setname_np(pthread_self(), start.name);
    (void)pthread_sigmask(SIG_SETMASK, &start.mask, NULL);
    start.run(start.argument);
    return NULL;
}

/* Starts a thread and, where `joins`, waits for its end, with all signals blocked meanwhile: the
 * new thread inherits that, so that none comes before it has the mask it is to have, which is the
 * caller's or, without one, all. */
static int start_blocked(struct thread *thread, struct start *start, bool inherits, bool joins)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    sigfillset(&all);
    error = pthread_attr_setstacksize(&attributes, THREAD_STACK);
    if (error == 0)
        error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0) {
        start->mask = inherits ? before : all;
        error = pthread_create(&thread->id, &attributes, start_thread, start);
        if (error == 0 && joins)
            thread_join(thread);
        int restored = pthread_sigmask(SIG_SETMASK, &before, NULL);
        assert(restored == 0);
        (void)restored;
    }
    pthread_attr_destroy(&attributes);
    return error;
}

static struct start *make_start(const char *name, void (*run)(void *argument), void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (start) {
        start->run = run;
        start->argument = argument;
        strncpy(start->name, name, sizeof start->name - 1);
        start->name[sizeof start->name - 1] = '\0';
    }
    return start;
}

int thread_start(struct thread *thread, const char *name, void (*run)(void *argument),
                 void *argument)
{
    struct start *start = make_start(name, run, argument);
    if (!start)
        return ENOMEM;
    int error = start_blocked(thread, start, false, false);
    if (error != 0)
        free(start);
    return error;
}

int thread_run_on_stack(void (*run)(void *argument), void *argument)
{
    struct thread thread;
    struct start *start = make_start("", run, argument);
    if (!start)
        return ENOMEM;
    int error = start_blocked(&thread, start, true, true);
    if (error != 0)
        free(start);
    return error;
}

const void *thread_self(void)
{
    static _Thread_local char own; /* its address is meant */
    return &own;
}

void thread_join(struct thread *thread)
{
    int error = pthread_join(thread->id, NULL);
    assert(error == 0);
    (void)error;
}

int thread_mutex_open(struct thread_mutex *mutex)
{
    return pthread_mutex_init(&mutex->lock, NULL);
}

void thread_mutex_close(struct thread_mutex *mutex)
{
    int error = pthread_mutex_destroy(&mutex->lock);
    assert(error == 0);
    (void)error;
}

void thread_lock(struct thread_mutex *mutex)
{
    int error = pthread_mutex_lock(&mutex->lock);
    assert(error == 0);
    (void)error;
}

void thread_unlock(struct thread_mutex *mutex)
{
    int error = pthread_mutex_unlock(&mutex->lock);
    assert(error == 0);
    (void)error;
}

int thread_cond_open(struct thread_cond *cond)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(&cond->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
}

void thread_cond_close(struct thread_cond *cond)
{
    int error = pthread_cond_destroy(&cond->cond);
    assert(error == 0);
    (void)error;
}

void thread_wait(struct thread_cond *cond, struct thread_mutex *mutex)
{
    int error = pthread_cond_wait(&cond->cond, &mutex->lock);
    assert(error == 0);
    (void)error;
}

static uint64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

bool thread_wait_until(struct thread_cond *cond, struct thread_mutex *mutex, uint64_t deadline)
{
    if (test_hooks.now && test_hooks.now() >= deadline)
        return false;
    if (test_hooks.now)
        deadline = monotonic() + MILLISECOND;
    struct timespec at = {.tv_sec = (time_t)(deadline / NANOSECONDS),
                          .tv_nsec = (long)(deadline % NANOSECONDS)};
    int error = pthread_cond_timedwait(&cond->cond, &mutex->lock, &at);
    assert(error == 0 || error == ETIMEDOUT);
    return error == 0 || test_hooks.now;
}

void thread_wake_one(struct thread_cond *cond)
{
    int error = pthread_cond_signal(&cond->cond);
    assert(error == 0);
    (void)error;
}

void thread_wake_all(struct thread_cond *cond)
{
    int error = pthread_cond_broadcast(&cond->cond);
    assert(error == 0);
    (void)error;
}

uint64_t thread_now(void)
{
    return test_hooks.now ? test_hooks.now() : monotonic();
}

uint64_t thread_time(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}
