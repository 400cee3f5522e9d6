/* What stands between a process and its disk, by LD_PRELOAD: it counts the calls that write below some folders, lets
 * the nth of them fail, kills the process at it, or writes down all of them. Off until `shim_plan` or `shim_record`. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, SIZES = 4, NAMES = 8 };                   /* kinds of calls */
enum { OFF, FAIL, FAIL_ON, SHORT, KILL_BEFORE, KILL_HALFWAY, KILL_AFTER }; /* what happens at the nth */

static char below[4][PATH_MAX];
static int folders, kinds, action, error, log_fd = -1;
static long nth, count;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static void watch(const char *paths) {
    char all[4 * PATH_MAX], *rest = all, *one;
    snprintf(all, sizeof all, "%s", paths);
    for (folders = 0; folders < 4 && (one = strsep(&rest, ":"));)
        snprintf(below[folders++], PATH_MAX, "%s", one);
}

/* From now on: at the `nth_call` (from 1 on) of these kinds below the folders (a:b) happens what `what` says. */
void shim_plan(const char *paths, int which, long nth_call, int what, int errnum) {
    watch(paths);
    kinds = which, nth = nth_call, action = what, error = errnum, count = 0;
}

/* How many calls there were of those kinds. */
long shim_count(void) { return count; }

/* From now on all calls below the folders, and what is written to standard output, are written to `fd` as well. */
void shim_record(const char *paths, int fd) {
    watch(paths);
    kinds = 0, log_fd = fd;
}

static int is_below(const char *path) {
    for (int i = 0; i < folders; i++) {
        size_t length = strlen(below[i]);
        if (!strncmp(path, below[i], length) && (path[length] == '/' || !path[length]))
            return 1;
    }
    return 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0 && is_below(path);
}

static int whole_path(int folder, const char *name, char *path) {
    char here[PATH_MAX];
    if (name[0] == '/')
        return snprintf(path, PATH_MAX, "%s", name), is_below(path);
    if (folder == AT_FDCWD) {
        if (!getcwd(here, sizeof here))
            return 0;
    } else
        path_of(folder, here);
    snprintf(path, PATH_MAX, "%.2000s/%.2000s", here, name);
    return is_below(path);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Whether something happens at this call. */
static int strikes(int kind) {
    if (!(kinds & kind))
        return OFF;
    long number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (number != nth && !(action == FAIL_ON && number > nth))
        return OFF;
    if (action == KILL_BEFORE)
        die();
    return action;
}

static void put(const void *data, size_t size) {
    ssize_t (*out)(int, const void *, size_t) = REAL(write);
    for (const char *at = data; size > 0;) {
        ssize_t done = out(log_fd, at, size);
        if (done <= 0)
            abort();
        at += done, size -= done;
    }
}

/* One entry: what (a letter), two numbers, two names and bytes, each with its length before it. */
static void note(char what, uint64_t first, uint64_t second, const char *a, const char *b, const void *data, size_t size) {
    uint64_t head[6] = {(uint64_t)what, first, second, strlen(a), strlen(b), size};
    put(head, sizeof head), put(a, strlen(a)), put(b, strlen(b)), put(data, size);
}

static uint64_t inode(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : found.st_ino;
}

static int records(int fd, char *path) { return log_fd >= 0 && (fd == 1 || path_of(fd, path)); }

static ssize_t written(int fd, const void *data, size_t size, off_t at, int has_place) {
    char path[PATH_MAX];
    ssize_t (*write_there)(int, const void *, size_t, off_t) = REAL(pwrite);
    ssize_t (*write_on)(int, const void *, size_t) = REAL(write);
    if (kinds & WRITES && path_of(fd, path)) {
        int what = strikes(WRITES);
        if (what == FAIL || what == FAIL_ON)
            return errno = error, -1;
        if (what == SHORT || what == KILL_HALFWAY)
            size = size / 2 + !(size / 2);
        ssize_t done = has_place ? write_there(fd, data, size, at) : write_on(fd, data, size);
        if (what == KILL_HALFWAY || what == KILL_AFTER)
            die();
        return done;
    }
    if (!records(fd, path))
        return has_place ? write_there(fd, data, size, at) : write_on(fd, data, size);
    pthread_mutex_lock(&turn);
    if (!has_place && fd != 1)
        at = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done = has_place ? write_there(fd, data, size, at) : write_on(fd, data, size);
    if (done > 0)
        fd == 1 ? note('!', 0, 0, "", "", data, done) : note('w', inode(fd), at, path, "", data, done);
    pthread_mutex_unlock(&turn);
    return done;
}

static int synced(int fd, int (*call)(int)) {
    char path[PATH_MAX];
    if (kinds & SYNCS && path_of(fd, path)) {
        int what = strikes(SYNCS);
        if (what == FAIL || what == FAIL_ON)
            return errno = error, -1;
        int done = call(fd);
        if (what == KILL_HALFWAY || what == KILL_AFTER)
            die();
        return done;
    }
    if (log_fd < 0 || !path_of(fd, path))
        return call(fd);
    pthread_mutex_lock(&turn);
    int done = call(fd);
    if (!done)
        note('s', inode(fd), 0, path, "", "", 0);
    pthread_mutex_unlock(&turn);
    return done;
}

static int sized(int fd, off_t size) {
    char path[PATH_MAX];
    int (*call)(int, off_t) = REAL(ftruncate);
    if (kinds & SIZES && path_of(fd, path)) {
        int what = strikes(SIZES);
        if (what == FAIL || what == FAIL_ON)
            return errno = error, -1;
        int done = call(fd, size);
        if (what == KILL_HALFWAY || what == KILL_AFTER)
            die();
        return done;
    }
    if (log_fd < 0 || !path_of(fd, path))
        return call(fd, size);
    pthread_mutex_lock(&turn);
    int done = call(fd, size);
    if (!done)
        note('t', inode(fd), size, path, "", "", 0);
    pthread_mutex_unlock(&turn);
    return done;
}

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    int (*call)(int, const char *, int, ...) = REAL(openat);
    if ((log_fd < 0 && !(kinds & NAMES)) || !(flags & (O_CREAT | O_TRUNC)) || !whole_path(folder, name, path))
        return call(folder, name, flags, mode);
    struct stat before;
    int is_new = fstatat(folder, name, &before, 0) != 0;
    int what = is_new ? strikes(NAMES) : OFF;
    if (what == FAIL || what == FAIL_ON)
        return errno = error, -1;
    pthread_mutex_lock(&turn);
    int fd = call(folder, name, flags, mode);
    if (fd >= 0 && log_fd >= 0 && is_new)
        note('c', inode(fd), 0, path, "", "", 0);
    else if (fd >= 0 && log_fd >= 0 && flags & O_TRUNC)
        note('t', inode(fd), 0, path, "", "", 0);
    pthread_mutex_unlock(&turn);
    if (what == KILL_HALFWAY || what == KILL_AFTER)
        die();
    return fd;
}

/* A change of names: a call with one or two of them. */
#define NAMED(letter, folder, from, other, to, call)                                                     \
    char a[PATH_MAX], b[PATH_MAX] = "";                                                                  \
    int is_ours = whole_path(folder, from, a) | ((to)[0] ? whole_path(other, to, b) : 0);                \
    if (!is_ours || (log_fd < 0 && !(kinds & NAMES)))                                                    \
        return call;                                                                                     \
    int what = strikes(NAMES);                                                                           \
    if (what == FAIL || what == FAIL_ON)                                                                 \
        return errno = error, -1;                                                                        \
    pthread_mutex_lock(&turn);                                                                           \
    int done = call;                                                                                     \
    if (!done && log_fd >= 0)                                                                            \
        note(letter, 0, 0, a, b, "", 0);                                                                 \
    pthread_mutex_unlock(&turn);                                                                         \
    if (what == KILL_HALFWAY || what == KILL_AFTER)                                                      \
        die();                                                                                           \
    return done;

ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return written(fd, data, size, at, 1); }
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }
int ftruncate(int fd, off_t size) { return sized(fd, size); }
int ftruncate64(int fd, off64_t size) { return sized(fd, size); }

static mode_t mode_in(int flags, va_list rest) { return flags & O_CREAT ? (mode_t)va_arg(rest, int) : 0; }
#define OPENING(folder)                   \
    va_list rest;                         \
    va_start(rest, flags);                \
    mode_t mode = mode_in(flags, rest);   \
    va_end(rest);                         \
    return opened(folder, name, flags, mode);
int open(const char *name, int flags, ...) { OPENING(AT_FDCWD) }
int open64(const char *name, int flags, ...) { OPENING(AT_FDCWD) }
int openat(int folder, const char *name, int flags, ...) { OPENING(folder) }
int openat64(int folder, const char *name, int flags, ...) { OPENING(folder) }

int rename(const char *from, const char *to) { NAMED('r', AT_FDCWD, from, AT_FDCWD, to, REAL(rename)(from, to)) }
int renameat(int f, const char *from, int t, const char *to) { NAMED('r', f, from, t, to, REAL(renameat)(f, from, t, to)) }
int link(const char *from, const char *to) { NAMED('l', AT_FDCWD, from, AT_FDCWD, to, REAL(link)(from, to)) }
int linkat(int f, const char *from, int t, const char *to, int flags) {
    NAMED('l', f, from, t, to, REAL(linkat)(f, from, t, to, flags))
}
int unlink(const char *name) { NAMED('u', AT_FDCWD, name, 0, "", REAL(unlink)(name)) }
int unlinkat(int f, const char *name, int flags) { NAMED('u', f, name, 0, "", REAL(unlinkat)(f, name, flags)) }
int mkdir(const char *name, mode_t mode) { NAMED('m', AT_FDCWD, name, 0, "", REAL(mkdir)(name, mode)) }
int mkdirat(int f, const char *name, mode_t mode) { NAMED('m', f, name, 0, "", REAL(mkdirat)(f, name, mode)) }
